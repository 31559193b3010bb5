import { loadConfig } from '../../src/config.ts';
import { connect } from '../../src/connect.ts';
import { toAppError } from '../../src/errors.ts';

/**
 * What the function app is to storage and database, in a process of its own: certificates are trusted, and the platform's
 * token service is found, by the environment that a process starts with. Does what its parent sends it.
 */
const loaded = loadConfig(process.env);
if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
const silent = { info() {}, warn() {}, error() {} };
const { ports } = connect(loaded.config, silent);
const place = { environment: 'tt02', container: 'app-ttd-parking-permit', blob: 'release/release.yaml' };

const actions: Readonly<Record<string, () => Promise<unknown>>> = {
  async writeDocument() {
    const text = `written at ${performance.now()}`;
    const before = await ports.documents.read(place);
    await ports.documents.write(place, text, before?.etag);
    return (await ports.documents.read(place))?.text === text;
  },
  async lookIntoStudioStorage() {
    return (await ports.artifacts.listIncoming()).length;
  },
  async askDatabase() {
    await ports.ledger.ping();
  },
};

process.on('message', async ({ id, action }: { id: number; action: string }) => {
  try {
    process.send?.({ id, result: await actions[action]?.() });
  } catch (thrown) {
    const { code, kind, message } = toAppError(thrown);
    process.send?.({ id, error: { code, kind, message: `${message} (${String((thrown as Error).cause)})` } });
  }
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
