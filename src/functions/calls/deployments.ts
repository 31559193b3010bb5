import * as z from 'zod';
import type { App } from '../../app.ts';
import { deployBodySchema, previewBodySchema, reasonSchema, undeployBodySchema } from '../../deploy/deploy-request.ts';
import { previewSchema } from '../../deploy/preview-view.ts';
import type { Deployment } from '../../model/deployment.ts';
import { deploymentDetailsSchema, deploymentSchema, deploymentUrl } from '../../operate/deployment-view.ts';
import { deploymentPageSchema } from '../../operate/show-deployments.ts';
import { authorizeEnvironment } from '../authorize.ts';
import { DEPLOYMENT, DEPLOYMENT_DETAILS, PREVIEW } from '../examples.ts';
import { IDEMPOTENCY_HEADER, readIdempotencyKey, readTraceContext, TRACE_HEADERS } from '../read-headers.ts';
import { appName, type Call, defineRoute, idOf, reply } from '../route.ts';
import { listQuerySchema, toFilter } from './list-query.ts';

const DEPLOYMENTS = 'v1/{org}/{app}/deployments';
const BUILD_PROBLEMS = [
  ...['ENVIRONMENT_UNKNOWN', 'CLUSTER_UNKNOWN', 'APP_UNKNOWN', 'RELEASE_UNKNOWN', 'RELEASE_NOT_SUCCEEDED'],
  ...['COMMIT_UNKNOWN', 'COMMIT_MISMATCH', 'DEPLOYMENT_UNKNOWN', 'DEPLOYMENT_NOT_ACCEPTED', 'DEPLOYMENT_BLOCKED'],
  'ARTIFACT_REMOVED',
  ...['GITEA_UNAVAILABLE', 'GITEA_DENIED', 'GITEA_ARCHIVE_INVALID', 'STORAGE_UNAVAILABLE', 'TOO_MANY_REQUESTS'],
  ...['VALUES_INVALID', 'RELEASE_POLICY', 'APP_METADATA_INVALID', 'APP_ID_MISMATCH'],
  ...['APP_POLICY_MISSING', 'APP_TEXT_INVALID', 'CHART_TEMPLATES_UNSUPPORTED', 'SUBMODULE_UNSUPPORTED'],
  ...['SYMLINK_UNSUPPORTED', 'ZIP_LIMIT', 'ZIP_TYPE', 'ZIP_UNSUPPORTED', 'FILE_NAME_UNSAFE', 'FILE_NAME_COLLISION'],
] as const;
const ACCEPTED_HEADERS = { Location: 'Where its state can be followed.' };
const ACCEPTED = {
  description: 'The deployment, as it is by now.',
  schema: deploymentSchema,
  headers: ACCEPTED_HEADERS,
  example: DEPLOYMENT,
};

/** Who asks, under which key, and in which trace. */
const askedBy = ({ caller, request }: Call) => ({
  caller,
  idempotencyKey: readIdempotencyKey(request.headers),
  ...readTraceContext(request.headers),
});

const accepted = (app: App, deployment: Deployment) =>
  reply(202, deploymentSchema, app.viewDeployment(deployment), { location: deploymentUrl(deployment) });

export const createDeployment = defineRoute({
  name: 'createDeployment',
  method: 'POST',
  route: DEPLOYMENTS,
  access: 'deployer',
  summary: 'Deploy a release, or an earlier deployment again.',
  description:
    'Builds and stores the artifact inside the call. A build that fails answers why; the deployment is kept as `failed`, named by `Location` and `deploymentId`.',
  headers: { ...IDEMPOTENCY_HEADER, ...TRACE_HEADERS },
  body: deployBodySchema,
  bodyExample: { envName: 'tt02', tagName: '8' },
  replies: { 202: ACCEPTED },
  problems: [...BUILD_PROBLEMS, 'IDEMPOTENCY_KEY_REUSED', 'INPUTS_CHANGED', 'ARTIFACT_DIGEST_MISMATCH'],
  async handle(app, call) {
    authorizeEnvironment(call.caller, call.body.envName);
    const deployment = await app.deploy({
      ...appName(call),
      ...call.body,
      ...askedBy(call),
    });
    return accepted(app, deployment);
  },
});

export const previewDeployment = defineRoute({
  name: 'previewDeployment',
  method: 'POST',
  route: `${DEPLOYMENTS}/preview`,
  access: 'deployer',
  summary: 'Look at what a deployment would publish; stores nothing.',
  body: previewBodySchema,
  bodyExample: { envName: 'tt02', tagName: '8' },
  replies: {
    200: {
      description: 'The documents, and how they differ from what is published.',
      schema: previewSchema,
      example: PREVIEW,
    },
  },
  problems: BUILD_PROBLEMS,
  async handle(app, call) {
    authorizeEnvironment(call.caller, call.body.envName);
    return reply(200, previewSchema, await app.previewDeployment({ ...appName(call), ...call.body }));
  },
});

export const listDeployments = defineRoute({
  name: 'listDeployments',
  method: 'GET',
  route: DEPLOYMENTS,
  access: 'reader',
  summary: "List an app's deployments, newest first.",
  query: listQuerySchema,
  replies: { 200: { description: 'A page.', schema: deploymentPageSchema, example: { deployments: [DEPLOYMENT] } } },
  async handle(app, call) {
    return reply(200, deploymentPageSchema, await app.listDeployments({ ...appName(call), ...toFilter(call.query) }));
  },
});

export const getDeployment = defineRoute({
  name: 'getDeployment',
  method: 'GET',
  route: `${DEPLOYMENTS}/{id}`,
  access: 'reader',
  summary: 'One deployment with its history.',
  replies: { 200: { description: 'The deployment.', schema: deploymentDetailsSchema, example: DEPLOYMENT_DETAILS } },
  problems: ['DEPLOYMENT_UNKNOWN', 'DROP_REFUSED', 'STORAGE_UNAVAILABLE'],
  async handle(app, call) {
    return reply(200, deploymentDetailsSchema, await app.showDeployment(appName(call), idOf(call)));
  },
});

export const rollbackDeployment = defineRoute({
  name: 'rollbackDeployment',
  method: 'POST',
  route: `${DEPLOYMENTS}/{id}/rollback`,
  access: 'deployer',
  summary: 'Deploy the accepted artifact of an earlier deployment again, in its environment.',
  description:
    'A new deployment with the same source, values and `inputsDigest`. Needs neither Gitea nor Studio. Application metadata, policy and texts in the platform stay the newer ones.',
  headers: { ...IDEMPOTENCY_HEADER, ...TRACE_HEADERS },
  body: z.strictObject({ reason: reasonSchema.optional() }).meta({ id: 'RollbackRequest' }),
  isBodyOptional: true,
  bodyExample: { reason: 'Payment fails since tag 8.' },
  replies: { 202: ACCEPTED },
  problems: [
    ...['ENVIRONMENT_UNKNOWN', 'CLUSTER_UNKNOWN', 'DEPLOYMENT_UNKNOWN', 'DEPLOYMENT_NOT_ACCEPTED'],
    ...['ARTIFACT_REMOVED', 'DEPLOYMENT_BLOCKED', 'IDEMPOTENCY_KEY_REUSED', 'ARTIFACT_DIGEST_MISMATCH', 'ZIP_LIMIT'],
    ...['STORAGE_UNAVAILABLE', 'TOO_MANY_REQUESTS'],
  ] as const,
  async handle(app, call) {
    const { environment: envName } = await app.findDeployment(appName(call), idOf(call));
    authorizeEnvironment(call.caller, envName);
    const deployment = await app.deploy({
      ...appName(call),
      envName,
      fromDeploymentId: idOf(call),
      reason: call.body.reason,
      ...askedBy(call),
    });
    return accepted(app, deployment);
  },
});

const BLOCKED = { description: 'The deployment.', schema: deploymentSchema, example: DEPLOYMENT };

export const blockDeployment = defineRoute({
  name: 'blockDeployment',
  method: 'POST',
  route: `${DEPLOYMENTS}/{id}/block`,
  access: 'deployer',
  summary: 'Keep a bad release from being rolled back to or promoted; what runs is left as it is.',
  body: z.strictObject({ reason: reasonSchema }).meta({ id: 'BlockRequest' }),
  bodyExample: { reason: 'Loses attachments.' },
  replies: { 200: BLOCKED },
  problems: ['DEPLOYMENT_UNKNOWN'],
  async handle(app, call) {
    authorizeEnvironment(call.caller, (await app.findDeployment(appName(call), idOf(call))).environment);
    const block = { by: call.caller.name, reason: call.body.reason };
    return reply(200, deploymentSchema, await app.blockDeployment(appName(call), idOf(call), block));
  },
});

export const unblockDeployment = defineRoute({
  name: 'unblockDeployment',
  method: 'POST',
  route: `${DEPLOYMENTS}/{id}/unblock`,
  access: 'deployer',
  summary: 'Take a block back.',
  replies: { 200: BLOCKED },
  problems: ['DEPLOYMENT_UNKNOWN'],
  async handle(app, call) {
    authorizeEnvironment(call.caller, (await app.findDeployment(appName(call), idOf(call))).environment);
    return reply(200, deploymentSchema, await app.unblockDeployment(appName(call), idOf(call), call.caller.name));
  },
});

export const undeploy = defineRoute({
  name: 'undeploy',
  method: 'POST',
  route: 'v1/{org}/{app}/undeploy',
  access: 'deployer',
  summary: 'Take an app down in an environment.',
  description:
    'Publishes a release that holds nothing of the app. Of a deployment and an undeploy that race, the later request wins.',
  headers: { ...IDEMPOTENCY_HEADER, ...TRACE_HEADERS },
  body: undeployBodySchema,
  bodyExample: { envName: 'tt02' },
  replies: { 202: ACCEPTED },
  problems: [
    ...['ENVIRONMENT_UNKNOWN', 'CLUSTER_UNKNOWN', 'APP_UNKNOWN', 'IDEMPOTENCY_KEY_REUSED', 'STORAGE_UNAVAILABLE'],
    ...['LEDGER_STALE', 'LEDGER_FOREIGN', 'STORAGE_EMPTY'],
  ] as const,
  async handle(app, call) {
    authorizeEnvironment(call.caller, call.body.envName);
    const deployment = await app.undeploy({
      ...appName(call),
      ...call.body,
      ...askedBy(call),
    });
    return accepted(app, deployment);
  },
});
