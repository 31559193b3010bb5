import type { Studio } from '../model/environments.ts';
import type { ReleaseKey } from '../model/names.ts';
import { markerConfigMap, type ReleaseMarker } from '../model/release.ts';
import { toJsonDocument } from './emit.ts';
import { EVENT_DEPLOY_DIGEST } from './flux-documents.ts';

/** A Kubernetes object that passed the checks. */
export type KubernetesObject = Record<string, unknown> & { metadata: Record<string, unknown> };

/**
 * All that Flux applies for an app, in one blob so that a publish is atomic: the marker, and what the artifact deploys.
 * A `List` in JSON, because a part of it does not parse.
 */
export function releaseDocument(marker: ReleaseMarker, deployed: readonly KubernetesObject[], studio: Studio): string {
  const items = [
    markerConfigMap(marker, studio.name),
    ...deployed.map((object) => withDigest(object, marker.deployDigest)),
  ];
  return toJsonDocument({ apiVersion: 'v1', kind: 'List', items });
}

/** The document of an app that has not been deployed: the marker alone. */
export function bareRelease(key: ReleaseKey, installation: string, studio: Studio): string {
  const { org, app, environment } = key;
  const none = { deploymentId: undefined, tagName: undefined, deployDigest: undefined };
  return releaseDocument({ org, app, environment, installation, state: 'none', sequence: 0, ...none }, [], studio);
}

/** The digest is over the artifact's documents, so it can't stand in them: it is added where they are published. */
function withDigest(object: KubernetesObject, deployDigest: string | undefined): KubernetesObject {
  if (object.kind !== 'HelmRelease' || deployDigest === undefined) return object;
  const annotations = { ...(object.metadata.annotations as object), [EVENT_DEPLOY_DIGEST]: `sha256:${deployDigest}` };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
