import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const filesIn = (folder: string, ending: RegExp) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => ending.test(path))
    .map((path) => join(folder, path));

const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
const yamlFiles = filesIn('.github', /\.ya?ml$/);
const workflows = filesIn('.github/workflows', /\.yml$/);
const jsonFiles = [...filesIn('.vscode', /\.json$/), '.devcontainer/devcontainer.json'];
const pages = [...filesIn('docs', /\.md$/), 'README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'];

describe('files for whoever works on the project', () => {
  it('parse', () => {
    assert.ok(yamlFiles.length >= 3 && jsonFiles.length >= 4);
    for (const path of yamlFiles) assert.ok(parse(read(path), { strict: true, uniqueKeys: true }), path);
    for (const path of jsonFiles) assert.ok(JSON.parse(read(path)), path);
  });

  it('name only scripts that package.json has', () => {
    for (const path of [...yamlFiles, ...jsonFiles, ...pages, '.funcignore'])
      for (const [, name = ''] of read(path).matchAll(/\bnpm run (?:--?\S+ )*([a-z][\w:-]*)/g))
        assert.ok(name in scripts, `${path}: npm run ${name}`);
  });
});

describe('the workflows', () => {
  it('take actions by their commit, which nobody can move', () => {
    for (const path of workflows)
      for (const [line, action = ''] of read(path).matchAll(/uses: (\S+)/g))
        assert.match(action, /^[\w./-]+@[0-9a-f]{40}$/, `${path}: ${line}`);
  });

  it('have no right that they do not name, and no secret', () => {
    for (const path of workflows) {
      const { permissions, jobs } = parse(read(path));
      assert.ok(permissions, path);
      const granted = [
        permissions,
        ...Object.values<{ permissions?: object }>(jobs).map((job) => job.permissions ?? {}),
      ];
      for (const [right, level] of granted.flatMap((one) => Object.entries(one)))
        assert.ok(
          level === 'read' || (right === 'id-token' && path.endsWith('deploy.yml')),
          `${path}: ${right} ${level}`,
        );
      assert.doesNotMatch(read(path), /\bsecrets\./, path);
    }
  });

  it('put nothing that a person typed into a script', () => {
    for (const path of workflows)
      for (const job of Object.values<{ steps: { run?: string }[] }>(parse(read(path)).jobs))
        for (const { run = '' } of job.steps) assert.doesNotMatch(run, /\$\{\{/, `${path}: ${run}`);
  });
});
