import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeLedger } from '../../src/adapters/ledger/make-ledger.ts';
import { sourcesDocument } from '../../src/build/sources-document.ts';
import { AppError } from '../../src/errors.ts';
import type { Ports } from '../../src/ports.ts';
import { digestOfSources, ensureKustomization } from '../../src/publish/publish-sources.ts';
import { PASS_LIMITS, reconcileSources } from '../../src/reconcile/reconcile-sources.ts';
import { NO_TELEMETRY } from '../../src/telemetry.ts';
import { recordStatements } from '../support/explain.ts';
import { FILL_ETAG, FILL_ORGS, LARGEST_ORG } from '../support/fill-ledger.ts';
import { type FilledLedger, startFilledLedger } from '../support/filled-ledger.ts';
import { FILLED_STUDIO } from '../support/filled-studio.ts';
import { type CountedDocuments, makeMemoryDocuments } from '../support/memory-documents.ts';
import { collectLog } from '../support/stack.ts';

const APPS = 500;
const CLUSTERS = 126;
const ENVIRONMENTS = 6;

describe('a reconcile pass over many apps', () => {
  let filled: FilledLedger;
  let statements: string[];
  let documents: CountedDocuments;
  let ports: Ports;
  before(async () => {
    filled = await startFilledLedger({ apps: APPS, deployments: 0 });
    const { log } = collectLog();
    const recorded = recordStatements(filled.database);
    statements = recorded.statements;
    const artifacts = { archivedIds: async () => [] } as unknown as Ports['artifacts'];
    documents = makeMemoryDocuments(FILL_ETAG);
    const clusters = { pullNow() {}, settled: async () => {} };
    const ledger = makeLedger(recorded.db);
    ports = { ledger, documents, artifacts, clusters, log, telemetry: NO_TELEMETRY } as unknown as Ports;
    await recordClusters();
  });
  after(() => filled.stop());

  /** As the passes before left them. */
  async function recordClusters(): Promise<void> {
    const { apps } = await ports.ledger.appsAndReleases();
    for (const environment of FILLED_STUDIO.environments)
      for (const org of FILL_ORGS) {
        const desiredDigest = digestOfSources(
          FILLED_STUDIO,
          environment,
          apps.filter((app) => app.org === org),
        );
        await ensureKustomization(ports, FILLED_STUDIO, org, environment.name);
        await ports.ledger.recordCluster({ org, environment: environment.name, sourcesEtag: FILL_ETAG, desiredDigest });
      }
  }

  let minute = 0;
  async function pass(limits: Partial<typeof PASS_LIMITS> = {}) {
    statements.length = 0;
    documents.calls.length = 0;
    const now = new Date(minute++ * 60_000);
    const summary = await reconcileSources(ports, FILLED_STUDIO, now, { ...PASS_LIMITS, ...limits });
    const count = (start: string, method?: string) =>
      documents.calls.filter((call) => call.container.startsWith(start) && (!method || call.method === method)).length;
    return { summary, count };
  }

  it('with nothing to do asks three times in the database, once of each cluster, and of a sixtieth of the apps', async () => {
    const { summary, count } = await pass();
    assert.equal(summary.planned, 0);
    assert.equal(statements.length, 3);
    assert.equal(count('cluster-'), CLUSTERS);
    assert.equal(count('app-'), (APPS * ENVIRONMENTS) / 60);
    assert.equal(documents.calls.filter(({ method }) => method === 'write').length, 0);
  });

  it('makes the same few calls for one new app, however many its org has', async () => {
    const counts: unknown[] = [];
    for (const org of [LARGEST_ORG, 'o1']) {
      // The first time, the sources themselves are not there yet in this test.
      for (const app of ['first-app', 'second-app']) {
        await ports.ledger.registerApp({ org, app });
        const { summary, count } = await pass();
        assert.deepEqual([summary.releasesPublished, summary.sourcesPublished], [ENVIRONMENTS, ENVIRONMENTS]);
        if (app === 'first-app') continue;
        const others = CLUSTERS - ENVIRONMENTS;
        counts.push({
          statements: statements.length,
          app: count(`app-${org}-${app}`),
          cluster: count('cluster-') - others,
        });
      }
    }
    assert.deepEqual(counts[0], counts[1]);
    // In each environment: 4 statements for the release and 4 for the sources; of each a read and a write, and what guards them.
    assert.deepEqual(counts[0], {
      statements: 3 + ENVIRONMENTS * 8,
      app: ENVIRONMENTS * 2,
      cluster: ENVIRONMENTS * 5,
    });
  });

  it('writes the sources of an org once for all its new apps, few at a time, and goes on where it was ended', async () => {
    for (let i = 0; i < 40; i++) await ports.ledger.registerApp({ org: LARGEST_ORG, app: `new-${i}` });
    documents.mostAtOnce = 0;
    let left = 100;
    documents.beforeWrite = ({ container }) => {
      if (container.startsWith('app-') && left-- <= 0) throw new AppError('STORAGE_UNAVAILABLE', 'ended here');
    };
    const first = await pass();
    assert.deepEqual([first.summary.releasesPublished, first.count('cluster-', 'write')], [100, 3]);
    documents.beforeWrite = () => {};
    const second = await pass();
    assert.deepEqual([second.summary.releasesPublished, second.count('app-', 'write')], [140, 140]);
    assert.ok(second.count('cluster-', 'write') <= ENVIRONMENTS);
    assert.ok(documents.mostAtOnce <= 8, String(documents.mostAtOnce));
    assert.equal((await pass()).summary.planned, 0);
  });

  it('begins nothing more when its time is over, says what is left, and the next ones do it', async () => {
    const apps = 10;
    for (let i = 0; i < apps; i++) await ports.ledger.registerApp({ org: LARGEST_ORG, app: `late-${i}` });
    const { left, releasesPublished, failures } = (await pass({ releasesMs: 0 })).summary;
    assert.deepEqual([left, releasesPublished, failures], [apps * ENVIRONMENTS, 0, 0]);
    documents.beforeWrite = () => sleep(20);
    let published = 0;
    for (let isLeft = true, budgetMs = 50; isLeft; budgetMs *= 2) {
      const { summary } = await pass({ releasesMs: budgetMs });
      published += summary.releasesPublished;
      isLeft = summary.left > 0;
    }
    assert.equal(published, apps * ENVIRONMENTS);
    assert.equal((await pass()).summary.planned, 0);
  });

  describe('of which one environment hangs', () => {
    const HANGING = 'at22';
    /** Longer than a busy machine halts for. */
    const hangsMs = 1_000;
    let hungMs: number;
    let etag: CountedDocuments['etag'];
    /** Calls to it that were begun in a pass. */
    let calls: number;
    const hang = async (environment: string) => {
      if (environment !== HANGING) return;
      calls++;
      await sleep(hungMs);
      throw new AppError('STORAGE_UNAVAILABLE', 'no answer');
    };
    before(() => {
      ({ etag } = documents);
    });
    beforeEach(() => {
      calls = 0;
      hungMs = hangsMs + 100;
      documents.beforeWrite = ({ environment }) => hang(environment);
      documents.etag = async (place) => {
        await hang(place.environment);
        return etag(place);
      };
    });
    afterEach(() => {
      documents.beforeWrite = () => {};
      documents.etag = etag;
    });

    it('waits for it once, and looks at all others', async () => {
      // As with the limits in use, a call that is given up takes as long as a pass looks.
      hungMs = 6 * hangsMs;
      const { summary, count } = await pass({ hangsMs, lookMs: hungMs });
      assert.equal(summary.planned, 0);
      assert.ok(calls > 0 && calls <= 8, String(calls));
      // Of some, another document is read instead.
      const looks = count('cluster-', 'etag') + count('cluster-', 'read');
      assert.equal(looks, (CLUSTERS / ENVIRONMENTS) * (ENVIRONMENTS - 1));
    });

    it('publishes everywhere else, and leaves the rest to the pass after it', async () => {
      const apps = 20;
      for (let i = 0; i < apps; i++) await ports.ledger.registerApp({ org: LARGEST_ORG, app: `patient-${i}` });
      documents.etag = etag;
      const { summary } = await pass({ hangsMs });
      assert.equal(summary.releasesPublished, apps * (ENVIRONMENTS - 1));
      assert.ok(calls > 0 && calls <= 8, String(calls));
      assert.equal(summary.failures, calls);
      assert.ok(summary.left >= apps - calls);
      documents.beforeWrite = () => {};
      assert.equal((await pass()).summary.releasesPublished, apps);
      const { planned, holds } = (await pass()).summary;
      assert.deepEqual([planned, holds], [0, 0]);
    });

    it('keeps what was held there, as long as it is not seen to be right', async () => {
      const key = { org: LARGEST_ORG, app: 'patient-0', environment: HANGING };
      await ports.ledger.recordHold({ ...key, code: 'STORAGE_UNAVAILABLE', message: 'no answer' });
      assert.equal((await pass({ hangsMs })).summary.holds, 1);
      assert.equal((await ports.ledger.holds()).length, 1);
      documents.etag = etag;
      assert.equal((await pass()).summary.holds, 0);
      assert.deepEqual(await ports.ledger.holds(), []);
    });
  });

  it('keeps a cluster held in every minute of an hour, and since when', async () => {
    const [, , environment] = FILLED_STUDIO.environments;
    assert.ok(environment);
    const org = 'o3';
    const place = { environment: environment.name, container: `cluster-${org}`, blob: 'sources/sources.yaml' };
    const { read, etag } = documents;
    const foreign = sourcesDocument(org, environment, FILLED_STUDIO, randomUUID(), []);
    const isHere = (of: typeof place) => of.container === place.container && of.environment === place.environment;
    documents.etag = async (of) => (isHere(of) && of.blob === place.blob ? 'foreign' : etag(of));
    documents.read = async (of) =>
      isHere(of) && of.blob === place.blob ? { text: foreign, etag: 'foreign' } : read(of);
    const since = new Set<string | undefined>();
    for (let minutes = 0; minutes < 61; minutes++) {
      await pass();
      if (minutes > 0) since.add((await ports.ledger.holds(org))[0]?.since.toISOString());
    }
    assert.equal(since.size, 1);
    assert.ok(!since.has(undefined));
    Object.assign(documents, { read, etag });
    await pass();
    assert.deepEqual(await ports.ledger.holds(org), []);
  });

  it('tells all holds, however many there are, or the longest', async () => {
    await filled.database.query(
      `insert into pull_deploy.holds (environment, org, app, code, message, since)
       select 'tt02', case when n % 3 = 0 then 'o1' else 'o2' end, 'held-' || n, 'STORAGE_UNAVAILABLE', 'no answer',
              clock_timestamp() - n * interval '1 minute'
         from generate_series(1, 3000) n`,
    );
    assert.equal((await ports.ledger.holds()).length, 3_000);
    assert.equal((await ports.ledger.holds('o1')).length, 1_000);
    const { holds, count } = await ports.ledger.longestHolds(2);
    assert.deepEqual([holds.map(({ app }) => app), count], [['held-3000', 'held-2999'], 3_000]);
    assert.deepEqual(Object.keys(holds[0] ?? {}), ['environment', 'org', 'app', 'code', 'message', 'since']);
    await filled.database.query('delete from pull_deploy.holds');
  });

  it('looks at nothing more when it has no time for that', async () => {
    const { summary, count } = await pass({ lookMs: 0 });
    assert.deepEqual([summary.planned, count('')], [0, count('cluster-', 'read')]);
  });
});
