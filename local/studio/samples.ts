import type { AppRepository } from '../gitea/app-folders.ts';
import type { SampleRelease, SampleScopes } from './seed.ts';

/** The project's own sample apps have more history than one release each. */
const SAMPLE_ORG = 'ttd';
const WITH_FAILED_RELEASE = 'parking-permit';
const WITH_SCOPES = 'grant-application';
const SCOPES = ['altinn:serviceowner/instances.read', 'altinn:serviceowner/instances.write'];

/** Every app has a succeeded release `1` at its HEAD; the samples a second one, and one of them a third that failed. */
export function sampleReleases(repositories: readonly AppRepository[]): SampleRelease[] {
  return repositories.flatMap(({ org, app, headCommit: commit }): SampleRelease[] => {
    const scopes = isSample(org, app, WITH_SCOPES) ? { scopes: SCOPES.slice(0, 1) } : {};
    const first: SampleRelease = { org, app, tagName: '1', commit, result: 'succeeded', ...scopes };
    if (!isSample(org, app)) return [first];
    const second: SampleRelease = { ...first, tagName: '2', result: 'Succeeded' };
    const third: SampleRelease = { ...first, tagName: '3', result: 'failed' };
    return isSample(org, app, WITH_FAILED_RELEASE) ? [first, second, third] : [first, second];
  });
}

export function sampleScopes(repositories: readonly AppRepository[]): SampleScopes[] {
  return repositories
    .filter(({ org, app }) => isSample(org, app, WITH_SCOPES))
    .map(({ org, app }) => ({ org, app, scopes: SCOPES }));
}

const SAMPLE_APPS: readonly string[] = ['parking-permit', 'grant-application', 'household-survey'];

function isSample(org: string, app: string, which?: string): boolean {
  return org === SAMPLE_ORG && (which === undefined ? SAMPLE_APPS.includes(app) : app === which);
}
