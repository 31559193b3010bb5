import { startGitea } from '../local/gitea/server.ts';

/** `gitea-child.ts REPOSITORIES`: the Gitea stand-in in a process of its own; prints its address. Ends when nobody listens any more. */
const gitea = await startGitea({ repositories: JSON.parse(process.argv[2] ?? '[]') });
console.log(gitea.url);
process.stdin.resume().on('end', () => process.exit());
