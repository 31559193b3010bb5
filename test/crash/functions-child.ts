import { createInterface } from 'node:readline';
import { startFunctionsHost } from '../../local/host/functions-host.ts';
import { TIME_LIMITS } from '../../src/adapters/time-limits.ts';
import { makeApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { connect } from '../../src/connect.ts';
import { makeAuthenticate } from '../../src/functions/auth.ts';
import { makeTable } from '../../src/functions/table.ts';
import type { Pass } from './crash-points.ts';
import { type Fault, faultyPorts } from './faulty-ports.ts';

/**
 * The functions in a process of their own, to be killed. Its settings are its environment; it says where it serves, and
 * takes from stdin, one JSON a line, where it is to die. It ends when stdin does.
 */
const loaded = loadConfig(process.env);
if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
const quiet = { info() {}, warn() {}, error() {} };
// Few connections: each is a process of the server's, and this one does not live long.
const database = { ...TIME_LIMITS.database, maxConnections: 3 };
const { ports } = connect(loaded.config, quiet, { ...TIME_LIMITS, database });
let fault: Fault | undefined;
const passes: Pass[] = [];
const app = makeApp(
  faultyPorts(ports, (call, when) => {
    passes.push({ call, when });
    if (fault?.call !== call || fault.when !== when || --fault.nth > 0) return;
    process.kill(process.pid, 'SIGKILL');
  }),
  loaded.config.studio,
);
const host = await startFunctionsHost({
  definitions: makeTable(app, makeAuthenticate(loaded.config.auth)),
  port: 0,
  timers: false,
});

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const message = JSON.parse(line) as { fault?: Fault; tell?: 'passes' };
    if (message.fault) fault = { ...message.fault };
    console.log(JSON.stringify(message.tell ? { passes: passes.splice(0) } : { ready: true }));
  })
  .on('close', () => process.exit(0));
console.log(JSON.stringify({ url: host.url }));
