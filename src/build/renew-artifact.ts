import { AppError } from '../errors.ts';
import { HELM_RELEASE_DOCUMENT, VALUES_DOCUMENT } from '../model/artifact.ts';
import { isRecord } from '../model/is-record.ts';
import type { TraceContext } from '../model/trace-context.ts';
import { DEPLOYMENT_ID_ANNOTATION } from './app-values.ts';
import { assembleManifest, type BuiltArtifact } from './build-artifact.ts';
import { toYaml } from './emit.ts';
import { BUILD_ID_LABEL, releaseAnnotations } from './flux-documents.ts';
import type { ReopenedArtifact } from './reopen-artifact.ts';

/**
 * The same artifact for another deployment: same source, same documents, same `inputsDigest`. Nothing is built anew, so
 * that what ran before runs again, whatever the configuration and our own rules are by now.
 */
export function renewArtifact(
  { manifest, source, documents }: ReopenedArtifact,
  deploymentId: string,
  trace: TraceContext,
): BuiltArtifact {
  const values = withPodAnnotation(documents.get(VALUES_DOCUMENT), deploymentId);
  const deployFiles = [...documents].map(([path, accepted]) => {
    const renewed = path === VALUES_DOCUMENT ? values : withDeployment(accepted, deploymentId);
    if (path !== HELM_RELEASE_DOCUMENT) return { path, content: toYaml(renewed), document: renewed };
    const release = renewed as { metadata: Record<string, unknown>; spec: Record<string, unknown> };
    // The trace is the new caller's, not the old one's.
    const metadata = { ...release.metadata, annotations: releaseAnnotations(deploymentId, trace) };
    const document = { ...release, metadata, spec: { ...release.spec, values } };
    return { path, content: toYaml(document), document };
  });
  return assembleManifest({ ...manifest, deploymentId }, source, deployFiles);
}

/** Keys that are there already keep their place. */
function withDeployment(document: unknown, deploymentId: string): Record<string, unknown> {
  const { metadata } = requireRecord(document);
  const { labels } = requireRecord(metadata);
  return {
    ...requireRecord(document),
    metadata: {
      ...requireRecord(metadata),
      labels: { ...requireRecord(labels), [BUILD_ID_LABEL]: deploymentId },
    },
  };
}

function withPodAnnotation(values: unknown, deploymentId: string): Record<string, unknown> {
  const { podAnnotations } = requireRecord(values);
  return {
    ...requireRecord(values),
    podAnnotations: { ...requireRecord(podAnnotations), [DEPLOYMENT_ID_ANNOTATION]: deploymentId },
  };
}

function requireRecord(value: unknown): Record<string, unknown> {
  if (!isRecord(value)) throw new AppError('INTERNAL', 'an accepted document that is not of our form');
  return value;
}
