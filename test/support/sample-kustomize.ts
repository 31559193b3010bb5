import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Program } from './kubernetes-tools.ts';

/** What a folder builds into: the objects, or why there are none. */
export interface Build {
  // biome-ignore lint/suspicious/noExplicitAny: Kubernetes objects, looked into here and there
  readonly objects: readonly any[] | undefined;
  readonly error: string;
}

/** Builds a folder with the real kustomize, as kustomize-controller does with the same code. */
export async function kustomize(kubectl: Program, files: Readonly<Record<string, string | Buffer>>): Promise<Build> {
  const folder = await mkdtemp(join(tmpdir(), 'kustomize-'));
  try {
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
    const { exitCode, stdout, stderr } = await kubectl(['kustomize', folder]);
    if (exitCode !== 0) return { objects: undefined, error: stderr };
    const documents = parseAllDocuments(stdout);
    return { objects: documents.map((document) => document.toJS()), error: '' };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Two at a time: a run costs 50 ms of a processor, and there may be two of these. */
export async function inPairs<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all([worker(), worker()]);
}
