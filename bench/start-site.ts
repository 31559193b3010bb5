import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Env, loadConfig } from '../src/config.ts';
import { type Connection, connect } from '../src/connect.ts';
import { collectLog, startTestStack, type TestStack } from '../test/support/stack.ts';

/** Everything over HTTP, with Gitea outside of this process: its git commands would hold up the functions that are measured. */
export interface BenchSite extends Pick<TestStack, 'repositories' | 'sql'> {
  readonly functionsUrl: string;
  readonly ports: Connection['ports'];
  stop(): Promise<void>;
}

export async function startBenchSite(options: { apps?: string } = {}): Promise<BenchSite> {
  const stack = await startTestStack(options);
  const { child, url } = await startOutsideGitea(stack.repositories);
  const env: Env = { GITEA_URL: url };
  const functions = await stack.serveWith(env);
  const loaded = loadConfig({ ...stack.env, ...env });
  if ('problems' in loaded) throw new Error(loaded.problems[0]?.message);
  const connection = connect(loaded.config, collectLog().log);
  return {
    repositories: stack.repositories,
    sql: stack.sql,
    functionsUrl: functions.url,
    ports: connection.ports,
    async stop() {
      await connection.close();
      await functions.close();
      child.stdin?.end();
      await stack.stop();
    },
  };
}

async function startOutsideGitea(
  repositories: TestStack['repositories'],
): Promise<{ child: ChildProcess; url: string }> {
  const script = fileURLToPath(new URL('gitea-child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(repositories)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, url: String(line).trim() };
}
