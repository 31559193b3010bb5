import * as z from 'zod';
import { AppError } from '../errors.ts';
import type { AppOverview, Hold } from '../ledger.ts';
import { timeSchema } from '../model/api-schemas.ts';
import type { Deployment } from '../model/deployment.ts';
import type { Studio } from '../model/environments.ts';
import type { AppName } from '../model/names.ts';
import type { Ports } from '../ports.ts';
import { deploymentSchema } from './deployment-view.ts';

const releaseSchema = deploymentSchema.pick({
  id: true,
  kind: true,
  state: true,
  sequence: true,
  tagName: true,
  commit: true,
});

const appliedSchema = releaseSchema.extend({
  since: timeSchema.optional().describe("By the cluster's clock."),
  helmRevision: z.int().optional().describe("Helm's own number of the release."),
});

const environmentSchema = z.object({
  envName: z.string(),
  source: z
    .object({ isThere: z.boolean(), since: timeSchema.optional() })
    .describe("Whether the cluster's sources name the app, and since when."),
  wanted: releaseSchema.optional(),
  published: releaseSchema.extend({ since: timeSchema.optional() }).optional().describe('What Flux reads.'),
  applied: appliedSchema.optional().describe('What runs, as far as the cluster has told.'),
  inStep: z.boolean().describe('Whether what Flux reads is what is wanted.'),
  reason: z.string().optional().describe('Why not.'),
});

/** An app at a glance: per environment what is wanted, what Flux reads, and whether the two agree. */
export const appSchema = z
  .object({
    org: z.string(),
    app: z.string(),
    missingSince: timeSchema
      .optional()
      .describe('Since when Gitea does not have its repository; nothing in a cluster changes for that.'),
    environments: z.array(environmentSchema).readonly(),
  })
  .meta({ id: 'App' });

export const appPageSchema = z
  .object({
    apps: z.array(appSchema).readonly(),
    nextCursor: z.string().optional().describe('Absent on the last page.'),
  })
  .meta({ id: 'AppPage' });

export type AppView = z.infer<typeof appSchema>;
export type AppPage = z.infer<typeof appPageSchema>;
export type EnvironmentView = z.infer<typeof environmentSchema>;
type ReleaseView = z.infer<typeof releaseSchema>;
type AppliedView = z.infer<typeof appliedSchema>;

/** @throws AppError APP_UNKNOWN */
export async function showApp(ports: Ports, studio: Studio, { org, app }: AppName): Promise<AppView> {
  const [[overview], holds] = await Promise.all([
    ports.ledger.overview(org, { app, limit: 1 }),
    ports.ledger.holds(org),
  ]);
  if (overview === undefined)
    throw new AppError('APP_UNKNOWN', `${org}/${app} is not known here; PUT it to make it known`, { path: 'app' });
  return viewApp(studio, overview, holds);
}

/** An org's apps by name. */
export async function listApps(
  ports: Ports,
  studio: Studio,
  org: string,
  { limit, cursor }: { limit: number; cursor: string | undefined },
): Promise<AppPage> {
  const page = { limit: limit + 1, ...(cursor === undefined ? {} : { after: cursor }) };
  const [found, holds] = await Promise.all([ports.ledger.overview(org, page), ports.ledger.holds(org)]);
  const apps = found.slice(0, limit);
  const last = apps.at(-1);
  return {
    apps: apps.map((overview) => viewApp(studio, overview, holds)),
    ...(found.length > limit && last ? { nextCursor: last.app } : {}),
  };
}

function viewApp(studio: Studio, overview: AppOverview, holds: readonly Hold[]): AppView {
  const { org, app, missingSince } = overview;
  const configured = studio.environments.filter(({ orgs }) => orgs.includes(org)).map(({ name }) => name);
  const inLedger = overview.releases.map(({ environment }) => environment);
  const names = [...new Set([...configured, ...inLedger])];
  return {
    org,
    app,
    ...(missingSince === undefined ? {} : { missingSince: missingSince.toISOString() }),
    environments: names.map((name) => viewEnvironment(name, configured.includes(name), overview, holds)),
  };
}

function viewEnvironment(
  envName: string,
  isConfigured: boolean,
  overview: AppOverview,
  holds: readonly Hold[],
): EnvironmentView {
  const release = overview.releases.find(({ environment }) => environment === envName);
  const hold = holds.find(
    ({ environment, org, app }) =>
      environment === envName && org === overview.org && (app === overview.app || app === ''),
  );
  const reason = reasonNotInStep(isConfigured, release, hold);
  return {
    envName,
    source: {
      isThere: release?.sourceSince !== undefined,
      ...(release?.sourceSince === undefined ? {} : { since: release.sourceSince.toISOString() }),
    },
    ...(release?.wanted === undefined ? {} : { wanted: viewRelease(release.wanted) }),
    ...(release?.published === undefined
      ? {}
      : {
          published: {
            ...viewRelease(release.published),
            ...(release.publishedAt ? { since: release.publishedAt.toISOString() } : {}),
          },
        }),
    ...(release?.applied === undefined ? {} : { applied: viewApplied(release, release.applied) }),
    inStep: reason === undefined,
    ...(reason === undefined ? {} : { reason }),
  };
}

function viewApplied(
  { appliedAt, helmRevision }: AppOverview['releases'][number],
  deployment: Deployment,
): AppliedView {
  return {
    ...viewRelease(deployment),
    ...(appliedAt === undefined ? {} : { since: appliedAt.toISOString() }),
    ...(helmRevision === undefined ? {} : { helmRevision }),
  };
}

function reasonNotInStep(
  isConfigured: boolean,
  release: AppOverview['releases'][number] | undefined,
  hold: Hold | undefined,
): string | undefined {
  if (hold) return `${hold.code} since ${hold.since.toISOString()}: ${hold.message}`;
  if (!isConfigured)
    return 'the environment is not configured, or the org has no cluster there any more; nothing is changed';
  if (release?.retiredAt) return 'retired by an operator; a deployment brings it back';
  if (release?.publishedSequence === undefined)
    return 'its release is not there yet; the timer makes it within a minute or two';
  if (release.publishedSequence !== release.wantedSequence)
    return 'what is wanted is not published yet; the timer tries each minute';
  if (release.sourceSince === undefined) return "the cluster's sources do not name it yet; the timer tries each minute";
  return undefined;
}

function viewRelease(deployment: Deployment): ReleaseView {
  const { id, kind, state, sequence, tagName, commit } = deployment;
  return {
    id,
    kind,
    state,
    sequence,
    ...(tagName === undefined ? {} : { tagName }),
    ...(commit === undefined ? {} : { commit }),
  };
}
