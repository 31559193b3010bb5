/** What the OpenAPI document shows; a test holds each against its schema. */

const DIGEST = 'b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c';
const ID = '3f0f2c1e-6d8b-4a2f-9b1d-0c5a7e9f2b11';
const NOW = '2026-11-22T12:00:00.000Z';
const LATER = '2026-11-22T12:00:01.000Z';
const RELEASE = { id: ID, kind: 'deploy', state: 'published', sequence: 8, tagName: '8', commit: 'c'.repeat(40) };

export const DEPLOYMENT = {
  ...{ id: ID, org: 'ttd', app: 'parking-permit', envName: 'tt02', kind: 'deploy', origin: 'api' },
  ...{ state: 'published', sequence: 8, tagName: '8', commit: 'c'.repeat(40), createdBy: 'Kari Nordmann' },
  ...{ createdAt: NOW, updatedAt: LATER, publishedAt: LATER, inputsDigest: DIGEST, deployDigest: DIGEST },
  artifact: { sha256: DIGEST, bytes: 51_234 },
  problems: [],
  warnings: [
    { code: 'SCOPES_CHANGED', message: "release '8' was built with 1 scopes, deployed are 2 scopes: +altinn:profile" },
  ],
  links: { self: `/api/v1/ttd/parking-permit/deployments/${ID}` },
};

export const EVENT = {
  ...{ id: 4711, deploymentId: ID, type: 'published', message: 'Published for Flux to pull.', origin: 'publish' },
  createdAt: LATER,
};

export const DEPLOYMENT_DETAILS = { ...DEPLOYMENT, steps: { accepted: NOW, published: LATER }, events: [EVENT] };

export const APP = {
  org: 'ttd',
  app: 'parking-permit',
  environments: [
    {
      envName: 'tt02',
      source: { isThere: true, since: NOW },
      wanted: RELEASE,
      published: { ...RELEASE, since: LATER },
      inStep: true,
    },
  ],
};

export const HEALTH = {
  status: 'healthy',
  checks: [{ name: 'database', status: 'ok', durationMs: 2 }],
  holds: [],
  holdCount: 0,
  problems: [],
};

export const PREVIEW = {
  ...{ org: 'ttd', app: 'parking-permit', envName: 'tt02', kind: 'deploy', tagName: '8', commit: 'c'.repeat(40) },
  inputsDigest: DIGEST,
  inputs: { tagName: '8', commit: 'c'.repeat(40), sourceTree: DIGEST, scopes: DIGEST },
  documents: [{ path: 'deploy/values.yaml', content: 'image:\n  tag: "8"\n' }],
  published: { deploymentId: ID, tagName: '7', sequence: 7 },
  isSame: false,
  changes: [
    {
      document: 'deploy/helmrelease.yaml',
      path: 'spec.values.image.tag',
      before: '7',
      after: '8',
      text: 'spec.values.image.tag: "7" → "8"',
      cause: {
        kind: 'studio',
        text: "Studio's table releases, row 12: tag '8'",
        table: 'designer.releases',
        version: '12',
      },
    },
  ],
  changeCount: 1,
  diff: '--- published/deploy/helmrelease.yaml\n+++ preview/deploy/helmrelease.yaml\n…',
  warnings: [],
};
