/** With `--help`, prints how the command is used and ends. */
export function showUsage(usage: string): void {
  if (!process.argv.slice(2).some((argument) => ['--help', '-h'].includes(argument))) return;
  console.log(usage);
  process.exit(0);
}
