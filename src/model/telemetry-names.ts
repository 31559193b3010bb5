/**
 * Every name that telemetry is found by. `docs/telemetry.md` lists them, and the queries in `infra/` and `docs/operate.md` use
 * no others: a test holds all of them against this file.
 */

/** Steps that are timed, each a span and a value of `stage`. */
export const SPANS = {
  deploy: 'A request, from its arrival to its stored artifact.',
  preview: 'A preview.',
  gather: "The rest of the wait for Gitea's archive, begun when its commit was looked up, and the check of its files.",
  build: 'The documents, made of what was gathered.',
  reopen: 'Instead of gather and build: the accepted artifact of an earlier deployment.',
  pack: 'The zip.',
  upload: 'The zip, into `incoming`.',
  accept: 'A blob in `incoming`, until it is published or refused.',
  validate: 'All checks of an artifact.',
  archive: 'The artifact, into `artifacts`.',
  index: "The artifact's row, and what is wanted.",
  publish: "The release document, and the app's source where it is new.",
  undeploy: 'A request to take an app down, until that is published.',
  clusterEvent: "What a cluster told of a deployment, from the event's arrival.",
  reconcile: 'A pass of `reconcileSources`.',
  sweep: 'A pass of `sweepIncoming`.',
  retain: 'A pass of `removeExpired`.',
  discover: 'A pass of `discoverApps`.',
  poison: 'A blob whose trigger failed five times.',
} as const;
export type SpanName = keyof typeof SPANS;

/** What is said of spans and metrics; in Application Insights they are `customDimensions`, in the workspace `Properties`. */
export const ATTRIBUTES = {
  org: 'Short name of the org.',
  app: 'Name of the app.',
  environment: "Studio's name of the environment.",
  deploymentId: 'Id of the deployment.',
  kind: '`deploy`, `undeploy` or `rollback`.',
  stage: 'Name of a span.',
  outcome:
    'Of a deployment the state that it entered, of accepting what came of it, of a cluster event what it led to, of a stage `ok` or `failed`.',
  code: 'Code of an error, see [errors.md](errors.md).',
  state: 'Of a source `in-step`, `behind`, `held` or `retired`; of what is in flight the state of the deployment.',
  change: '`release` or `source`.',
} as const;
export type AttributeName = keyof typeof ATTRIBUTES;

type MetricKind = 'counter' | 'histogram' | 'gauge';
interface MetricFacts {
  readonly name: string;
  readonly kind: MetricKind;
  readonly unit: string;
  readonly attributes: readonly AttributeName[];
  readonly meaning: string;
}

/** Counters and histograms are told as things happen; gauges once a minute, by the one instance that reconciles. */
export const METRICS = {
  deployments: {
    ...metric(
      'pull_deploy.deployments',
      'counter',
      '1',
      'Deployments that entered a state, with the code where they failed.',
    ),
    attributes: ['org', 'environment', 'kind', 'outcome', 'code'],
  },
  stageDuration: {
    ...metric('pull_deploy.stage.duration', 'histogram', 'ms', 'Time that a stage took.'),
    attributes: ['org', 'environment', 'stage', 'outcome'],
  },
  clickToPublished: {
    ...metric('pull_deploy.click_to_published', 'histogram', 's', 'From the request to when Flux could pull it.'),
    attributes: ['org', 'environment', 'kind'],
  },
  clickToApplied: {
    ...metric(
      'pull_deploy.click_to_applied',
      'histogram',
      's',
      'From the request to when Helm had it, by the clock of the cluster.',
    ),
    attributes: ['org', 'environment', 'kind'],
  },
  rejected: {
    ...metric('pull_deploy.rejected', 'counter', '1', 'Artifacts that were put aside, by their first problem.'),
    attributes: ['org', 'environment', 'code'],
  },
  incomingAge: {
    ...metric('pull_deploy.incoming.age', 'gauge', 's', 'Age of the oldest blob in `incoming`; 0 when there is none.'),
    attributes: [],
  },
  incomingBlobs: {
    ...metric('pull_deploy.incoming.blobs', 'gauge', '1', 'Blobs in `incoming`.'),
    attributes: [],
  },
  reconcileLag: {
    ...metric(
      'pull_deploy.reconcile.lag',
      'gauge',
      's',
      'Since when the oldest release is wanted that is not published; 0 when all are.',
    ),
    attributes: [],
  },
  reconcileChanges: {
    ...metric('pull_deploy.reconcile.changes', 'counter', '1', 'Documents that a pass had to write.'),
    attributes: ['change'],
  },
  sources: {
    ...metric(
      'pull_deploy.sources',
      'gauge',
      '1',
      'Apps of a cluster, by how their source and release agree with the ledger.',
    ),
    attributes: ['org', 'environment', 'state'],
  },
  inFlight: {
    ...metric('pull_deploy.in_flight', 'gauge', '1', 'Deployments that are not published yet, and have not ended.'),
    attributes: ['org', 'environment', 'state'],
  },
  silentDeployments: {
    ...metric(
      'pull_deploy.flux.silent',
      'gauge',
      '1',
      'Published deployments that their cluster has not told of for `clusterSilenceMinutes`.',
    ),
    attributes: ['org', 'environment'],
  },
  silence: {
    ...metric('pull_deploy.flux.silence', 'gauge', 's', 'Since when the longest of them is published.'),
    attributes: ['org', 'environment'],
  },
} as const satisfies Record<string, MetricFacts>;
export type Metric = keyof typeof METRICS;

/** Messages of log lines that queries look for. There are more; each is constant. */
export const LOG_MESSAGES = {
  'deployment accepted': 'It has a row, an order and a history.',
  'deployment outcome': 'It entered a state in which our part is done: once for each such state.',
  'deployment failed': 'It could not be built, with the error as the log has it.',
  'artifact refused': 'A blob was put aside as one that can never be right.',
  'artifact given up': 'A blob was put aside that could not be accepted three times.',
  'trigger gave up': 'A blob came out of the poison queue.',
  'accept failed, to be tried again': 'The blob stays, and its event comes again.',
  'ledger does not fit storage': 'The database was restored, emptied or exchanged.',
  held: 'Something is not written, and why.',
  'reconcile failed': 'One document could not be written in a pass.',
  'reconcile pass': 'A pass of `reconcileSources`, with what it did.',
  'discovery failed': 'The repositories of an org could not be listed.',
  'sources hold entries that the ledger does not know': 'They are kept, and nobody looks after them.',
  'call failed': 'An unforeseen fault: a bug of ours.',
  'trigger failed': 'A timer, or the poison queue, could not do its work.',
  'database connection lost': 'An idle connection broke; the next one is new.',
  'configuration is wrong': 'A setting; nothing but health is served.',
} as const;

/** Fields of these lines that queries use, beside the attributes above. */
export const LOG_FIELDS = {
  reason: 'In words.',
  tagName: 'Of the release that was asked for.',
  seconds: 'Since the request.',
  failures: 'How many things a pass could not do.',
  durationMs: 'Of a pass.',
  blob: 'Name in `incoming`.',
} as const;

function metric<K extends MetricKind>(name: string, kind: K, unit: string, meaning: string) {
  return { name, kind, unit, meaning };
}
