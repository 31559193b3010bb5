import type { Values } from '../build/read-values.ts';
import { VALUES_FILE } from '../build/read-values.ts';
import { HELM_RELEASE_DOCUMENT, MASKINPORTEN_DOCUMENT } from '../model/artifact.ts';
import { isRecord } from '../model/is-record.ts';
import type { AssemblySubject } from './assemble-artifact.ts';
import type { Cause } from './preview-view.ts';

const IN_VALUES = /^spec\.values(?:\.|$)/;
/** What the tag alone decides. */
const OF_RELEASE = ['image.tag', 'image.environment'];

/**
 * Where the value at a path of a document comes from.
 * @param platform what the platform decides about the app's values
 */
export function findCause(subject: AssemblySubject, platform: Values, document: string, path: string): Cause {
  const { from, kind, commit = '', resolved } = subject;
  if (from !== undefined && kind === 'rollback') return earlier(from);
  if (document === MASKINPORTEN_DOCUMENT)
    return from === undefined ? scopesRow(resolved.versions?.scopes) : earlier(from);
  if (document === HELM_RELEASE_DOCUMENT && path.startsWith('spec.chart'))
    return from === undefined ? configuration('the chart in the environments file') : earlier(from);
  if (document !== HELM_RELEASE_DOCUMENT || !IN_VALUES.test(path))
    return { kind: 'service', text: 'the rules of this service' };
  const valuePath = path.replace(IN_VALUES, '');
  if (!isPlatforms(platform, valuePath))
    return from === undefined ? valuesFile(commit) : { ...valuesFile(commit), deploymentId: from };
  if (!OF_RELEASE.some((prefix) => valuePath.startsWith(prefix)))
    return configuration(`environment '${subject.environment}' in the environments file`);
  return from === undefined ? releaseRow(subject.tagName ?? '', resolved.versions?.release) : earlier(from);
}

/** Whether the platform decides what is at the path: where it has a leaf, or a list. */
function isPlatforms(platform: Values, path: string): boolean {
  let node: unknown = platform;
  for (const key of path.split(/[.[]/)) {
    if (!isRecord(node)) return true;
    if (!Object.hasOwn(node, key)) return false;
    node = node[key];
  }
  return !isRecord(node) || Object.keys(node).length === 0;
}

const valuesFile = (commit: string): Cause => ({
  kind: 'repository',
  text: `${VALUES_FILE} at commit ${commit.slice(0, 12)}`,
  file: VALUES_FILE,
  commit,
});

const scopesRow = (version: string | undefined): Cause => ({
  kind: 'studio',
  text:
    version === undefined ? "no row in Studio's table app_scopes" : `Studio's table app_scopes, row version ${version}`,
  table: 'designer.app_scopes',
  ...(version === undefined ? {} : { version }),
});

const releaseRow = (tagName: string, version: string | undefined): Cause => ({
  kind: 'studio',
  text: `Studio's table releases, row ${version}: tag '${tagName}'`,
  table: 'designer.releases',
  ...(version === undefined ? {} : { version }),
});

const configuration = (text: string): Cause => ({ kind: 'configuration', text });

const earlier = (deploymentId: string): Cause => ({
  kind: 'deployment',
  text: `deployment ${deploymentId}`,
  deploymentId,
});
