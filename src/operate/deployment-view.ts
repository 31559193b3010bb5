import * as z from 'zod';
import { digestSchema, problemSchema, timeSchema } from '../model/api-schemas.ts';
import {
  DEPLOYMENT_KINDS,
  DEPLOYMENT_ORIGINS,
  DEPLOYMENT_STATES,
  type Deployment,
  type DeploymentEvent,
  EVENT_ORIGINS,
} from '../model/deployment.ts';
import type { Studio } from '../model/environments.ts';
import { clusterWord } from './cluster-word.ts';

/** A deployment as the API shows it. */
export const deploymentSchema = z
  .object({
    id: z.uuid(),
    org: z.string(),
    app: z.string(),
    envName: z.string(),
    kind: z.enum(DEPLOYMENT_KINDS),
    origin: z
      .enum(DEPLOYMENT_ORIGINS)
      .describe('Asked for over HTTP, dropped into `incoming`, or known from storage alone: the database was rebuilt.'),
    state: z.enum(DEPLOYMENT_STATES),
    sequence: z.int().describe('The order of what was asked for, per app and environment.'),
    tagName: z.string().optional().describe('Absent from an undeploy, like the commit.'),
    commit: z.string().optional(),
    createdBy: z.string(),
    createdAt: timeSchema,
    updatedAt: timeSchema,
    publishedAt: timeSchema.optional().describe('When Flux could pull it for the first time.'),
    fromDeploymentId: z.uuid().optional().describe('What a rollback or promotion takes its artifact from.'),
    reason: z.string().optional(),
    blocked: z
      .object({ since: timeSchema, by: z.string(), reason: z.string() })
      .optional()
      .describe('Not to be rolled back to, nor promoted.'),
    inputsDigest: digestSchema.optional().describe('Equal for two deployments that differ in nothing but their id.'),
    deployDigest: digestSchema.optional().describe('Over the documents that the cluster gets.'),
    artifact: z
      .object({
        sha256: digestSchema,
        bytes: z.int(),
        removedAt: timeSchema
          .optional()
          .describe('Since when it can be neither downloaded nor deployed again: it was kept long enough.'),
      })
      .optional(),
    problems: z.array(problemSchema).readonly().describe('Why it ended, if it did not go well.'),
    warnings: z.array(problemSchema).readonly().describe('What did not stop it, and should be known.'),
    cluster: z
      .object({
        state: z
          .enum(['waiting', 'silent', 'applied', 'failed', 'removed'])
          .describe('`silent`: no word from the cluster for longer than is usual.'),
        message: z.string(),
        at: timeSchema.describe('When it was published, while the cluster has not told of it; else when it told.'),
        helmRevision: z.int().optional(),
      })
      .optional()
      .describe('What the cluster told of a deployment that was published.'),
    links: z.object({ self: z.string() }),
  })
  .meta({ id: 'Deployment' });

export const eventSchema = z
  .object({
    id: z.int().describe('Its position: ordered, and no later event ever gets a lower one.'),
    deploymentId: z.uuid(),
    type: z.string().describe('The state that was entered, or what else happened.'),
    message: z.string(),
    origin: z.enum(EVENT_ORIGINS),
    details: z.record(z.string(), z.unknown()).optional().describe("Flux's own words: reason, object, severity."),
    createdAt: timeSchema,
  })
  .meta({ id: 'Event' });

export const deploymentDetailsSchema = deploymentSchema
  .extend({
    steps: z.record(z.string(), timeSchema).describe('When each state was entered.'),
    events: z.array(eventSchema).readonly().describe('The first 200; all of them are at `…/events`.'),
  })
  .meta({ id: 'DeploymentDetails' });

export type DeploymentView = z.infer<typeof deploymentSchema>;
export type EventView = z.infer<typeof eventSchema>;
export type DeploymentDetails = z.infer<typeof deploymentDetailsSchema>;

export const deploymentUrl = ({ org, app, id }: { org: string; app: string; id: string }): string =>
  `/api/v1/${org}/${app}/deployments/${id}`;

export function viewDeployment(deployment: Deployment, studio: Studio): DeploymentView {
  const cluster = clusterWord(deployment, studio.clusterSilenceMinutes, new Date());
  const { id, org, app, environment, kind, origin, state, sequence, tagName, commit, built, blocked } = deployment;
  return {
    ...{ id, org, app, envName: environment, kind, origin, state, sequence },
    ...(tagName === undefined ? {} : { tagName }),
    ...(commit === undefined ? {} : { commit }),
    createdBy: deployment.creator,
    createdAt: deployment.createdAt.toISOString(),
    updatedAt: deployment.updatedAt.toISOString(),
    ...(deployment.publishedAt === undefined ? {} : { publishedAt: deployment.publishedAt.toISOString() }),
    ...(deployment.from === undefined ? {} : { fromDeploymentId: deployment.from }),
    ...(deployment.reason === undefined ? {} : { reason: deployment.reason }),
    ...(blocked === undefined ? {} : { blocked: { ...blocked, since: blocked.since.toISOString() } }),
    ...(built === undefined
      ? {}
      : {
          inputsDigest: built.inputsDigest,
          deployDigest: built.deployDigest,
          artifact: { sha256: built.sha256, bytes: built.bytes, ...removedAt(deployment) },
        }),
    problems: deployment.problems,
    warnings: deployment.warnings,
    ...(cluster === undefined ? {} : { cluster: { ...cluster, at: cluster.at.toISOString() } }),
    links: { self: deploymentUrl(deployment) },
  };
}

const removedAt = ({ artifactRemovedAt }: Deployment) =>
  artifactRemovedAt === undefined ? {} : { removedAt: artifactRemovedAt.toISOString() };

export function viewDetails(
  deployment: Deployment,
  events: readonly DeploymentEvent[],
  studio: Studio,
): DeploymentDetails {
  const steps: Record<string, string> = {};
  for (const event of events) steps[event.type] ??= event.createdAt.toISOString();
  return { ...viewDeployment(deployment, studio), steps, events: events.map(viewEvent) };
}

export function viewEvent({
  position,
  deploymentId,
  type,
  message,
  origin,
  details,
  createdAt,
}: DeploymentEvent): EventView {
  return {
    ...{ id: position, deploymentId, type, message, origin },
    ...(Object.keys(details).length === 0 ? {} : { details }),
    createdAt: createdAt.toISOString(),
  };
}
