import { isRecord } from './is-record.ts';
import { type AppName, NAMESPACE, type ReleaseKey, releaseMarkerName } from './names.ts';

/** What the release document's ConfigMap says about it: read back from storage before anything there is replaced. */
export interface ReleaseMarker extends ReleaseKey {
  /** Which ledger wrote it. */
  readonly installation: string;
  /** `none`: before the first deployment. */
  readonly state: 'none' | 'deployed' | 'undeployed';
  /** 0 before the first deployment. */
  readonly sequence: number;
  readonly deploymentId: string | undefined;
  readonly tagName: string | undefined;
  readonly deployDigest: string | undefined;
}

export function markerConfigMap(marker: ReleaseMarker, studio: string): Record<string, unknown> {
  const { org, app, environment, installation, state, sequence, deploymentId, tagName, deployDigest } = marker;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: releaseMarkerName({ org, app }, studio), namespace: NAMESPACE },
    data: {
      ...{ org, app, environment, installation, state, sequence: String(sequence) },
      ...(deploymentId === undefined ? {} : { deploymentId }),
      ...(tagName === undefined ? {} : { tagName }),
      ...(deployDigest === undefined ? {} : { deployDigest }),
    },
  };
}

/** The marker of a document in storage; undefined when it is damaged, or not one of this app's. */
export function readMarker(document: string, name: AppName, studio: string): ReleaseMarker | undefined {
  const data = findMarkerData(document, releaseMarkerName(name, studio));
  if (data === undefined || data.org !== name.org || data.app !== name.app) return undefined;
  const sequence = /^\d+$/.test(data.sequence ?? '') ? Number(data.sequence) : Number.NaN;
  const state = data.state;
  if (!Number.isSafeInteger(sequence) || (state !== 'none' && state !== 'deployed' && state !== 'undeployed'))
    return undefined;
  if (!data.environment || !data.installation) return undefined;
  return {
    ...name,
    environment: data.environment,
    installation: data.installation,
    state,
    sequence,
    deploymentId: data.deploymentId,
    tagName: data.tagName,
    deployDigest: data.deployDigest,
  };
}

function findMarkerData(document: string, markerName: string): Record<string, string> | undefined {
  for (const item of readItems(document) ?? []) {
    if (!isRecord(item) || item.kind !== 'ConfigMap' || !isRecord(item.metadata) || item.metadata.name !== markerName)
      continue;
    if (isRecord(item.data) && Object.values(item.data).every((value) => typeof value === 'string'))
      return item.data as Record<string, string>;
  }
  return undefined;
}

/** The objects of a `List` written as JSON; undefined when it is not one. */
export function readItems(document: string): unknown[] | undefined {
  try {
    const parsed: unknown = JSON.parse(document);
    return isRecord(parsed) && parsed.kind === 'List' && Array.isArray(parsed.items) ? parsed.items : undefined;
  } catch {
    return undefined;
  }
}
