import { platformValues } from '../build/app-values.ts';
import { secretProblems } from '../build/check-secrets.ts';
import { valuesProblems } from '../build/check-values.ts';
import { compareTrees } from '../build/compare-trees.ts';
import {
  HELM_RELEASE,
  helmRelease,
  MASKINPORTEN_CLIENT,
  maskinportenClient,
  readScopes,
  TRACE_ANNOTATIONS,
} from '../build/flux-documents.ts';
import { mergeValues, VALUES_FILE, type Values } from '../build/read-values.ts';
import type { KubernetesObject } from '../build/release-document.ts';
import { type Problem, problem } from '../errors.ts';
import {
  DEPLOY_FOLDER,
  HELM_RELEASE_DOCUMENT,
  MASKINPORTEN_DOCUMENT,
  type Manifest,
  VALUES_DOCUMENT,
} from '../model/artifact.ts';
import { sortedSet } from '../model/by-code-point.ts';
import { canonicalJson } from '../model/digest.ts';
import type { Environment, Studio } from '../model/environments.ts';
import { isRecord } from '../model/is-record.ts';
import type { Kind, Policy } from '../model/policy.ts';
import { isTracestate, readTraceparent, type TraceContext } from '../model/trace-context.ts';
import { type ExpectedInputs, ownDocuments, readUnlessOwn } from './own-documents.ts';

const EXACT_VERSION = /^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$/;

export interface DeployDocuments {
  readonly objects: readonly KubernetesObject[];
  readonly problems: readonly Problem[];
}

/**
 * Checks what the artifact would have the cluster apply, and takes it apart. Its manifest is known to list what is there.
 *
 * Each document must be what we would make for this app and environment ourselves. By policy `allow-list` the app's own
 * part of the values, the scopes and the chart's version are free, within the rules for values; by `rebuild` they too
 * must be what the artifact's source and `expected` give. The caller's trace context always is.
 */
export async function checkDocuments(
  manifest: Manifest,
  contents: ReadonlyMap<string, Buffer>,
  environment: Environment,
  studio: Studio,
  expected: ExpectedInputs,
): Promise<DeployDocuments> {
  const problems: Problem[] = [];
  const documents = new Map<string, unknown>();
  const allowed = allowedDocuments(studio.policy);
  for (const { path } of manifest.files) {
    if (!path.startsWith(DEPLOY_FOLDER) || allowed.includes(path)) continue;
    problems.push(problem('KIND_NOT_ALLOWED', `${path}: below deploy/ only ${allowed.join(', ')} are taken`, path));
  }
  const own = ownDocuments(manifest, contents, environment, studio, expected);
  for (const path of allowed) {
    const content = contents.get(path);
    if (content === undefined) continue;
    const read = readUnlessOwn(path, content, 'files' in own ? own.files.get(path) : undefined);
    problems.push(...read.problems);
    if (read.problems.length > 0) continue;
    problems.push(...(await secretProblems(path, content)));
    documents.set(path, read.value);
  }
  for (const path of [VALUES_DOCUMENT, HELM_RELEASE_DOCUMENT])
    if (!contents.has(path)) problems.push(problem('RELEASE_POLICY', `${path} is missing`, path));
  problems.push(...[...documents].flatMap(([path, document]) => kindProblems(path, document)));
  if (problems.length > 0) return { objects: [], problems };
  if (!expected.acceptedBefore)
    problems.push(
      ...helmReleaseProblems(manifest, documents, environment, studio),
      ...maskinportenProblems(manifest, documents.get(MASKINPORTEN_DOCUMENT), studio),
    );
  problems.push(
    ...valuesProblems(documents.get(VALUES_DOCUMENT) as Values, manifest, environment, studio.policy),
    ...(studio.policy.deployDocuments === 'rebuild' && !expected.acceptedBefore
      ? rebuildProblems(manifest, documents, own, expected)
      : []),
  );
  const objects = [HELM_RELEASE_DOCUMENT, MASKINPORTEN_DOCUMENT].flatMap((path) => documents.get(path) ?? []);
  return { objects: objects as KubernetesObject[], problems };
}

/** The files below `deploy/` that may be there, and are read. */
export function allowedDocuments({ kinds }: Policy): readonly string[] {
  const byKind: Record<Kind, string> = {
    HelmRelease: HELM_RELEASE_DOCUMENT,
    MaskinportenClient: MASKINPORTEN_DOCUMENT,
  };
  return [VALUES_DOCUMENT, ...kinds.map((kind) => byKind[kind])];
}

/** What differs from what we would build from the artifact's own source. */
function rebuildProblems(
  manifest: Manifest,
  documents: ReadonlyMap<string, unknown>,
  own: ReturnType<typeof ownDocuments>,
  expected: ExpectedInputs,
): Problem[] {
  const problems =
    'problems' in own
      ? [...own.problems]
      : differences(documents.get(VALUES_DOCUMENT), own.values).map((path) =>
          policy(VALUES_DOCUMENT, `${path} is not what its own ${VALUES_FILE} and the platform give`),
        );
  if (manifest.inputs.chart.version !== expected.chartVersion)
    problems.push(
      policy(
        HELM_RELEASE_DOCUMENT,
        `chart version '${manifest.inputs.chart.version}': must be '${expected.chartVersion}'`,
      ),
    );
  if (canonicalJson(readScopes(documents.get(MASKINPORTEN_DOCUMENT))) !== canonicalJson(sortedSet(expected.scopes)))
    problems.push(policy(MASKINPORTEN_DOCUMENT, 'the scopes are not those in Studio'));
  return problems;
}

function kindProblems(path: string, document: unknown): Problem[] {
  if (!isRecord(document)) return [problem('RELEASE_POLICY', `${path}: must hold a map`, path)];
  if (path === VALUES_DOCUMENT) return [];
  const expected = path === HELM_RELEASE_DOCUMENT ? HELM_RELEASE : MASKINPORTEN_CLIENT;
  if (document.apiVersion === expected.apiVersion && document.kind === expected.kind) return [];
  const found = `${show(document.apiVersion)} ${show(document.kind)}`;
  return [problem('KIND_NOT_ALLOWED', `${path}: '${found}': must be '${expected.apiVersion} ${expected.kind}'`, path)];
}

function helmReleaseProblems(
  manifest: Manifest,
  documents: ReadonlyMap<string, unknown>,
  environment: Environment,
  studio: Studio,
): Problem[] {
  const document = documents.get(HELM_RELEASE_DOCUMENT) as Record<string, unknown>;
  const values = documents.get(VALUES_DOCUMENT) as Record<string, unknown>;
  const trace = readTrace(document);
  const chart = { ...studio.chart, version: manifest.inputs.chart.version };
  const ours = helmRelease({ ...manifest, values, trace }, { ...studio, chart });
  const problems = differences(document, ours).map((path) =>
    policy(HELM_RELEASE_DOCUMENT, `${path} is not what the platform makes for this app and environment`),
  );
  if (!EXACT_VERSION.test(chart.version))
    problems.push(policy(HELM_RELEASE_DOCUMENT, `chart version '${chart.version}': must be exact`));
  if (trace.traceparent !== undefined && readTraceparent(trace.traceparent) !== trace.traceparent)
    problems.push(policy(HELM_RELEASE_DOCUMENT, 'the traceparent is not one'));
  if (trace.tracestate !== undefined && !isTracestate(trace.tracestate))
    problems.push(policy(HELM_RELEASE_DOCUMENT, 'the tracestate is not one'));
  const forced = mergeValues(values, platformValues(manifest, environment, studio));
  for (const path of differences(values, forced))
    problems.push(policy(VALUES_DOCUMENT, `${path} is not what the platform decides for this app and environment`));
  return problems;
}

function maskinportenProblems(manifest: Manifest, document: unknown, studio: Studio): Problem[] {
  if (document === undefined) return [];
  const scopes = sortedSet(readScopes(document));
  if (scopes.length === 0) return [policy(MASKINPORTEN_DOCUMENT, 'spec.scopes must hold at least one scope')];
  return differences(document, maskinportenClient({ ...manifest, scopes }, studio)).map((path) =>
    policy(MASKINPORTEN_DOCUMENT, `${path} is not what the platform makes for this app and environment`),
  );
}

/** Whatever is no text is left out. */
function readTrace(document: Record<string, unknown>): TraceContext {
  const metadata = isRecord(document.metadata) ? document.metadata : {};
  const annotations = isRecord(metadata.annotations) ? metadata.annotations : {};
  const textOf = (name: string) => (typeof annotations[name] === 'string' ? annotations[name] : undefined);
  return { traceparent: textOf(TRACE_ANNOTATIONS.traceparent), tracestate: textOf(TRACE_ANNOTATIONS.tracestate) };
}

/** Where two trees differ: `spec.chart.spec.version`. */
const differences = (found: unknown, expected: unknown): string[] =>
  compareTrees(found, expected).map(({ path }) => path);

/** Not String for all: a map that has the key `toString` can't be made one. */
const show = (value: unknown): string => (typeof value === 'string' ? value : typeof value);

const policy = (path: string, message: string): Problem => problem('RELEASE_POLICY', message, path);
