import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** The least that is an app which can be deployed; a test changes what it is about. */
export function minimalApp(org: string, app: string): Record<string, string> {
  return {
    'App/config/applicationmetadata.json': JSON.stringify({ id: `${org}/${app}`, org, title: { nb: app } }),
    'App/config/authorization/policy.xml': '<?xml version="1.0"?>\n<Policy><Target/></Policy>\n',
    'App/config/texts/resource.nb.json': JSON.stringify({ language: 'nb', resources: [] }),
    'App/Program.cs': '// An app.\n',
    Dockerfile: 'FROM scratch\n',
  };
}

export async function writeApp(
  appsDirectory: string,
  org: string,
  app: string,
  files: Record<string, string>,
): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const target = join(appsDirectory, org, app, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
  }
}
