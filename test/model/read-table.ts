/** The rows of the Markdown table whose first heading is `heading`, cell by cell. */
export function tableIn(markdown: string, heading: string): string[][] {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => new RegExp(`^\\| *${heading} *\\|`).test(line));
  if (start === -1) throw new Error(`there is no table that starts with '${heading}'`);
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'));
  return lines.slice(start + 2, end === -1 ? undefined : end).map((line) =>
    line
      .replace(/^\| *| *\|$/g, '')
      .split(/ +\| +/)
      .map((cell) => cell.replaceAll('\\|', '|').trim()),
  );
}
