import { app } from '@azure/functions';
import { makeConsoleLog } from './adapters/console-log.ts';
import { makeApp } from './app.ts';
import { loadConfig } from './config.ts';
import { connect } from './connect.ts';
import type { Problem } from './errors.ts';
import { makeAuthenticate } from './functions/auth.ts';
import { type FunctionDefinition, makeMisconfiguredTable, makeTable } from './functions/table.ts';

/** The entry of the Functions worker, and the only caller of its model. */
for (const definition of makeDefinitions()) register(definition);

function makeDefinitions(): FunctionDefinition[] {
  const log = makeConsoleLog();
  const loaded = loadConfig(process.env);
  if ('problems' in loaded) {
    // Not thrown: health is to say what is wrong, to someone who can't read the log.
    for (const problem of loaded.problems) log.error('configuration is wrong', { ...problem });
    return makeMisconfiguredTable(loaded.problems as readonly [Problem, ...Problem[]]);
  }
  const { ports } = connect(loaded.config, log);
  return makeTable(makeApp(ports, loaded.config.studio), makeAuthenticate(loaded.config.auth));
}

function register(definition: FunctionDefinition): void {
  const { name } = definition;
  if (definition.trigger === 'http') {
    const { method, route, handler } = definition;
    app.http(name, { methods: [method], route, authLevel: 'anonymous', handler });
  } else if (definition.trigger === 'blob') {
    const { container, connection, handler } = definition;
    // Polling finds nothing on Flex Consumption: the events come from Event Grid.
    app.storageBlob(name, { path: `${container}/{name}`, connection, source: 'EventGrid', handler });
  } else {
    app.timer(name, { schedule: definition.schedule, handler: definition.handler });
  }
}
