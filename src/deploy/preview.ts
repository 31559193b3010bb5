import { createTwoFilesPatch } from 'diff';
import { platformValues } from '../build/app-values.ts';
import { compareTrees } from '../build/compare-trees.ts';
import { toYaml } from '../build/emit.ts';
import { EVENT_DEPLOY_DIGEST, HELM_RELEASE, MASKINPORTEN_CLIENT, TRACE_ANNOTATIONS } from '../build/flux-documents.ts';
import { HELM_RELEASE_DOCUMENT, MASKINPORTEN_DOCUMENT, VALUES_DOCUMENT } from '../model/artifact.ts';
import { type Environment, findEnvironment, type Studio } from '../model/environments.ts';
import { isRecord } from '../model/is-record.ts';
import { readItems, readMarker } from '../model/release.ts';
import type { Ports } from '../ports.ts';
import { releasePlace } from '../publish/document-places.ts';
import { type AssemblySubject, assembleArtifact } from './assemble-artifact.ts';
import type { DeploySubject } from './deploy-request.ts';
import { findCause } from './find-cause.ts';
import type { Change, Preview } from './preview-view.ts';
import { rememberPreview } from './remember-previews.ts';
import { resolveRequest } from './resolve-request.ts';

/** In place of an id, which only a deployment gets. */
const NO_ID = '00000000-0000-0000-0000-000000000000';
const MAX_CHANGES = 500;
/** Two values files that have nothing in common are not worth more. */
const MAX_DIFF_EDITS = 4_000;

/** What Flux reads now, taken apart; the values are in the HelmRelease. */
interface Published {
  readonly facts: NonNullable<Preview['published']> | undefined;
  readonly documents: ReadonlyMap<string, unknown>;
}

/**
 * What a deployment would publish, by the very same steps, and how it differs from what is published now. Stores nothing.
 * @throws AppError all that a deployment could be refused for before it is stored
 */
export async function previewDeployment(ports: Ports, studio: Studio, request: DeploySubject): Promise<Preview> {
  const { org, app, envName } = request;
  const resolved = await resolveRequest(ports, studio, { ...request, traceparent: undefined, tracestate: undefined });
  const subject: AssemblySubject = { ...resolved, id: NO_ID, org, app, environment: envName };
  const [assembly, published] = await Promise.all([
    assembleArtifact(ports, studio, subject),
    readPublished(ports, studio, subject),
  ]);
  const ours = comparable(assembly.documents, NO_ID);
  // They stand in the HelmRelease too.
  ours.delete(VALUES_DOCUMENT);
  const changes = listChanges(
    published.documents,
    ours,
    subject,
    findEnvironment(studio, envName) as Environment,
    studio,
  );
  const { manifest } = assembly;
  rememberPreview(manifest);
  const { kind, tagName, commit, from } = subject;
  return {
    org,
    app,
    envName,
    kind,
    ...(tagName === undefined ? {} : { tagName }),
    ...(commit === undefined ? {} : { commit }),
    ...(from === undefined ? {} : { fromDeploymentId: from }),
    inputsDigest: manifest.inputsDigest,
    inputs: { tagName: manifest.tagName, commit: manifest.source.commit, ...manifest.inputs },
    documents: assembly.deployFiles.map(({ path, content }) => ({ path, content })),
    ...(published.facts === undefined ? {} : { published: published.facts }),
    isSame: published.facts !== undefined && changes.length === 0,
    changes: changes.slice(0, MAX_CHANGES),
    changeCount: changes.length,
    diff: writeDiff(published.documents, ours),
    warnings: assembly.warnings,
  };
}

async function readPublished(ports: Ports, studio: Studio, subject: AssemblySubject): Promise<Published> {
  const stored = await ports.documents.read(releasePlace(subject));
  const marker = stored && readMarker(stored.text, subject, studio.name);
  if (stored === undefined || marker?.deploymentId === undefined || marker.state !== 'deployed')
    return { facts: undefined, documents: new Map() };
  const { deploymentId, tagName, sequence } = marker;
  const byKind = new Map((readItems(stored.text) ?? []).map((item) => [isRecord(item) ? item.kind : '', item]));
  const documents = new Map<string, unknown>();
  for (const [path, { kind }] of [
    [HELM_RELEASE_DOCUMENT, HELM_RELEASE],
    [MASKINPORTEN_DOCUMENT, MASKINPORTEN_CLIENT],
  ] as const)
    if (byKind.has(kind)) documents.set(path, byKind.get(kind));
  return {
    facts: { deploymentId, sequence, ...(tagName === undefined ? {} : { tagName }) },
    documents: comparable(documents, deploymentId),
  };
}

/** Without what is of one deployment only: its id, its trace, its digest. */
function comparable(documents: ReadonlyMap<string, unknown>, deploymentId: string): Map<string, unknown> {
  const leftOut: readonly string[] = [EVENT_DEPLOY_DIGEST, ...Object.values(TRACE_ANNOTATIONS)];
  const text = (document: unknown) =>
    JSON.stringify(document, (key, value) =>
      leftOut.includes(key) ? undefined : value === deploymentId ? NO_ID : value,
    );
  return new Map([...documents].map(([path, document]) => [path, JSON.parse(text(document)) as unknown]));
}

function listChanges(
  published: ReadonlyMap<string, unknown>,
  ours: ReadonlyMap<string, unknown>,
  subject: AssemblySubject,
  environment: Environment,
  studio: Studio,
): Change[] {
  const { org, app, tagName = '' } = subject;
  const platform = platformValues({ org, app, tagName, deploymentId: NO_ID }, environment, studio);
  return [...new Set([...published.keys(), ...ours.keys()])].flatMap((document) =>
    compareTrees(published.get(document), ours.get(document)).map(({ path, before, after }) => ({
      document,
      path,
      before,
      after,
      text: `${path || document}: ${show(before)} → ${show(after)}`,
      cause: findCause(subject, platform, document, path),
    })),
  );
}

const MAX_SHOWN = 200;

function show(value: unknown): string {
  if (value === undefined) return '(none)';
  const text = JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

function writeDiff(published: ReadonlyMap<string, unknown>, ours: ReadonlyMap<string, unknown>): string {
  return [...new Set([...published.keys(), ...ours.keys()])]
    .map((path) => {
      const [before, after] = [published, ours].map((side) => (side.has(path) ? toYaml(side.get(path)) : ''));
      if (before === after) return '';
      const patch = createTwoFilesPatch(`published/${path}`, `preview/${path}`, before ?? '', after ?? '', '', '', {
        maxEditLength: MAX_DIFF_EDITS,
      });
      return patch ?? `--- published/${path}\n+++ preview/${path}\nmore than ${MAX_DIFF_EDITS} lines differ\n`;
    })
    .join('');
}
