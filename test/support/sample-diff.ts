/**
 * The lines at which two sets of files differ, a file at a time: `-` stands in `expected` alone, `+` in `actual` alone.
 * Empty when there is none.
 */
export function filesDiff(actual: ReadonlyMap<string, string>, expected: ReadonlyMap<string, string>): string {
  const paths = [...new Set([...expected.keys(), ...actual.keys()])].sort();
  return paths
    .flatMap((path) => {
      const [found, wanted] = [actual.get(path), expected.get(path)];
      if (found === wanted) return [];
      if (found === undefined) return [`- ${path}: the whole file`];
      if (wanted === undefined) return [`+ ${path}: the whole file`];
      return [path, ...linesDiff(found.split('\n'), wanted.split('\n'))];
    })
    .join('\n');
}

/** By the longest common subsequence: quadratic, for files of a few hundred lines. */
function linesDiff(actual: readonly string[], expected: readonly string[]): string[] {
  const common = (a: number, e: number): number => lengths[a]?.[e] ?? 0;
  const lengths: number[][] = [];
  for (let a = actual.length - 1; a >= 0; a--) {
    lengths[a] = [];
    for (let e = expected.length - 1; e >= 0; e--)
      (lengths[a] as number[])[e] =
        actual[a] === expected[e] ? common(a + 1, e + 1) + 1 : Math.max(common(a + 1, e), common(a, e + 1));
  }
  const lines: string[] = [];
  let [a, e] = [0, 0];
  while (a < actual.length || e < expected.length) {
    if (a < actual.length && e < expected.length && actual[a] === expected[e]) [a, e] = [a + 1, e + 1];
    else if (e < expected.length && (a === actual.length || common(a, e + 1) >= common(a + 1, e)))
      lines.push(`  - ${e + 1}: ${expected[e++]}`);
    else lines.push(`  + ${a + 1}: ${actual[a++]}`);
  }
  return lines;
}
