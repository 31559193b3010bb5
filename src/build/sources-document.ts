import { byCodePoint } from '../model/by-code-point.ts';
import { type Environment, type Studio, toClusterEnvironment } from '../model/environments.ts';
import { isRecord } from '../model/is-record.ts';
import {
  type AppName,
  appContainer,
  fluxName,
  NAMESPACE,
  releaseMarkerName,
  sourcesMarkerName,
} from '../model/names.ts';
import { readItems } from '../model/release.ts';
import { toJsonDocument, toYaml } from './emit.ts';

/** Of the documents' form. An entry of another form is left alone: changing it is an operator's decision. */
export const SOURCE_FORM = '1';
const FORM_ANNOTATION = 'altinn.studio/source-form';

/** The two Flux objects of an app, and whose they are. */
export interface SourceEntry {
  /** `{org}-{app}-{studioEnvironment}`. */
  readonly name: string;
  readonly objects: readonly unknown[];
}

export interface SourcesContent {
  /** From the marker; undefined when somebody took that out. */
  readonly writtenFor: { readonly installation: string; readonly environment: string } | undefined;
  readonly entries: readonly SourceEntry[];
}

/** What makes Flux in the org's cluster pull an app's release document and apply it. */
export function sourceEntry(app: AppName, environment: Environment, studio: Studio): SourceEntry {
  const name = fluxName(app, studio.name);
  const metadata = {
    name,
    namespace: NAMESPACE,
    labels: { 'altinn.studio/managed-by': 'altinn-studio', 'altinn.studio/org': app.org, 'altinn.studio/app': app.app },
    annotations: { [FORM_ANNOTATION]: SOURCE_FORM },
  };
  const bucket = {
    apiVersion: 'source.toolkit.fluxcd.io/v1',
    kind: 'Bucket',
    metadata,
    spec: {
      interval: '1m',
      timeout: '60s',
      provider: 'azure',
      bucketName: appContainer(app),
      endpoint: environment.blobEndpoint,
    },
  };
  const kustomization = {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata,
    spec: {
      interval: '10m',
      retryInterval: '1m',
      path: './release',
      prune: true,
      wait: false,
      // Losing this entry must leave the app running.
      deletionPolicy: 'Orphan',
      targetNamespace: NAMESPACE,
      sourceRef: { kind: 'Bucket', name },
      ...(studio.serviceAccountName === undefined ? {} : { serviceAccountName: studio.serviceAccountName }),
      patches: [requirePatch(releaseMarkerName(app, studio.name))],
    },
  };
  return { name, objects: [bucket, kustomization] };
}

/** Everything the org's cluster syncs, sorted, so that equal content has equal bytes. */
export function sourcesDocument(
  org: string,
  environment: Environment,
  studio: Studio,
  installation: string,
  entries: readonly SourceEntry[],
): string {
  const marker = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: sourcesMarkerName(org, studio.name), namespace: NAMESPACE },
    data: {
      org,
      environment: environment.name,
      cluster: `${org}-${toClusterEnvironment(environment.name)}`,
      installation,
    },
  };
  const sorted = [...entries].sort((a, b) => byCodePoint(a.name, b.name));
  return toJsonDocument({
    apiVersion: 'v1',
    kind: 'List',
    items: [marker, ...sorted.flatMap((entry) => entry.objects)],
  });
}

/** Stands beside `sources.yaml` and makes the build fail, instead of pruning, when that is empty or cut. */
export function sourcesKustomization(org: string, studio: Studio): string {
  return toJsonDocument({
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: ['sources.yaml'],
    patches: [requirePatch(sourcesMarkerName(org, studio.name))],
  });
}

/** Takes a stored `sources.yaml` apart; undefined when it is damaged. */
export function readSources(document: string, org: string, studio: Studio): SourcesContent | undefined {
  const items = readItems(document);
  if (items === undefined) return undefined;
  const entries = new Map<string, unknown[]>();
  let writtenFor: SourcesContent['writtenFor'];
  for (const item of items) {
    const name = isRecord(item) && isRecord(item.metadata) ? item.metadata.name : undefined;
    if (!isRecord(item) || typeof name !== 'string') return undefined;
    if (item.kind === 'ConfigMap' && name === sourcesMarkerName(org, studio.name)) {
      const { installation, environment } = isRecord(item.data) ? item.data : {};
      if (typeof installation === 'string' && typeof environment === 'string')
        writtenFor = { installation, environment };
    } else entries.set(name, [...(entries.get(name) ?? []), item]);
  }
  return { writtenFor, entries: [...entries].map(([name, objects]) => ({ name, objects })) };
}

/** Whether an entry was written in another version's form. One without any is not: somebody took it out by hand. */
export function isOtherForm(entry: SourceEntry): boolean {
  return entry.objects.some((object) => {
    const annotations = isRecord(object) && isRecord(object.metadata) ? object.metadata.annotations : undefined;
    const form = isRecord(annotations) ? annotations[FORM_ANNOTATION] : undefined;
    return typeof form === 'string' && form !== SOURCE_FORM;
  });
}

/** Any name of ours; none needs quotes, since all end in letters behind a hyphen. */
const NAME = 'name-of-a-config-map';
const PATCH = toYaml({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: NAME, namespace: NAMESPACE } });

/**
 * A patch that names an object without changing it: kustomize fails when the object is not there. Written once: an org of
 * thousands of apps has as many, and writing YAML was a third of the time that it took to render its sources.
 */
const requirePatch = (configMap: string): { patch: string } => ({ patch: PATCH.replace(NAME, configMap) });
