import { makeLedger } from '../src/adapters/ledger/make-ledger.ts';
import { explainStatements } from '../test/support/explain.ts';
import { readLandmarks } from '../test/support/fill-ledger.ts';
import { startFilledLedger } from '../test/support/filled-ledger.ts';
import { ledgerReads } from '../test/support/ledger-reads.ts';
import { type Row, type Settings, summarize, withAim } from './measure.ts';

const SIZE = { apps: 10_000, deployments: 1_000_000 };
const AIM_MS = 20;

/** What PostgreSQL itself says that each read took it, to plan and to run; the busiest app has 50,000 deployments. */
export async function measureLists({ rounds }: Settings): Promise<Row[]> {
  const filled = await startFilledLedger(SIZE);
  try {
    const { db, plans } = explainStatements(filled.database);
    const rows: Row[] = [];
    for (const [what, read] of ledgerReads(makeLedger(db), await readLandmarks(filled.url))) {
      const taken: number[] = [];
      for (let round = -1; round < rounds; round++) {
        plans.length = 0;
        await read();
        if (round >= 0) taken.push(plans.reduce((sum, { milliseconds }) => sum + milliseconds, 0));
      }
      const whole = plans.flatMap(({ readWhole }) => readWhole);
      const row = withAim({ what, unit: 'ms', ...summarize(taken) }, { value: AIM_MS });
      rows.push(whole.length === 0 ? row : { ...row, what: `${what} (reads ${whole.join()} whole)`, isWithin: false });
    }
    return rows;
  } finally {
    await filled.stop();
  }
}
