import { randomUUID } from 'node:crypto';
import { renewArtifact } from '../../src/build/renew-artifact.ts';
import { reopenArtifact } from '../../src/build/reopen-artifact.ts';
import type { Deployment } from '../../src/model/deployment.ts';
import { artifactBlob, INCOMING_CONTAINER } from '../../src/model/names.ts';
import { DEFAULT_POLICY } from '../../src/model/policy.ts';
import { packZip } from '../../src/zip/pack-zip.ts';
import { ENVIRONMENT } from '../support/assert-whole.ts';
import { deployRequest } from '../support/requests.ts';
import type { TestStack } from '../support/stack.ts';

/** What a client does, and the platform for it; everything may be cut short, and is asked for again. */
export interface Workload {
  readonly name: string;
  readonly needsNewApp?: boolean;
  /** What has to be there before: the client's own preparation, in no danger. */
  prepare(stack: TestStack, app: string): Promise<Step>;
}

/** Asks, by the functions at `url`. Safe to repeat: with the same key, or to the same path. */
export type Step = (url: string) => Promise<void>;

async function deployed(stack: TestStack, app: string, tagName: string): Promise<Deployment> {
  const request = deployRequest(app, ENVIRONMENT, { tagName });
  const deployment = await stack.app.deploy(request);
  await stack.app.acceptArtifact(artifactBlob({ ...deployment, deploymentId: deployment.id }));
  return deployment;
}

/** A call that was answered, with whatever, has been heard; one that was cut off throws. */
function asking(app: string, path: string, body: object): Step {
  const key = randomUUID();
  return async (url) => {
    const answer = await fetch(`${url}/api/v1/ttd/${app}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    // A failure is answered with the deployment that keeps its reason.
    if (answer.status !== 202 && !text.includes('"deploymentId"')) throw new Error(`${answer.status} ${text}`);
  };
}

const deploying = (app: string, tagName: string) => asking(app, 'deployments', { envName: ENVIRONMENT, tagName });

export const WORKLOADS: readonly Workload[] = [
  {
    name: 'the first deployment of a new app',
    needsNewApp: true,
    prepare: async (_stack, app) => deploying(app, '1'),
  },
  {
    name: 'a redeployment',
    async prepare(stack, app) {
      await deployed(stack, app, '1');
      return deploying(app, '1');
    },
  },
  {
    name: 'an undeploy',
    async prepare(stack, app) {
      await deployed(stack, app, '1');
      return asking(app, 'undeploy', { envName: ENVIRONMENT });
    },
  },
  {
    name: 'a rollback',
    async prepare(stack, app) {
      const { id } = await deployed(stack, app, '1');
      await deployed(stack, app, '1');
      return asking(app, `deployments/${id}/rollback`, {});
    },
  },
  {
    name: 'a dropped artifact',
    async prepare(stack, app) {
      const earlier = await deployed(stack, app, '1');
      const zip = await stack.connection.ports.artifacts.readArtifact({ ...earlier, deploymentId: earlier.id });
      const artifact = await reopenArtifact(zip as Buffer, DEFAULT_POLICY);
      const id = randomUUID();
      const { manifestFile, deployFiles } = renewArtifact(artifact, id, {});
      const dropped = await packZip(manifestFile, deployFiles, artifact.carried);
      const name = artifactBlob({ org: 'ttd', app, environment: ENVIRONMENT, deploymentId: id });
      await stack.studioStorage().container(INCOMING_CONTAINER).write(name, dropped, 'absent', 'application/zip');
      // The event of the blob is the platform's.
      return async () => {};
    },
  },
];
