import { app } from '@azure/functions';
import { makeConsoleLog } from './adapters/console-log.ts';
import { makeLazyTelemetry } from './adapters/lazy-telemetry.ts';
import { makeApp } from './app.ts';
import { loadConfig } from './config.ts';
import { connect } from './connect.ts';
import type { Problem } from './errors.ts';
import { makeAuthenticate } from './functions/auth.ts';
import { type FunctionDefinition, makeMisconfiguredTable, makeTable } from './functions/table.ts';
import { redact } from './model/redact.ts';
import { knownSecrets, readTelemetrySettings } from './telemetry-settings.ts';

/** The entry of the Functions worker, and the only caller of its model. */
const { log, telemetry } = openTelemetry();
app.setup({
  // Else the host would keep a body until all of it, up to 100 MB, has come: our own limit of 64 KiB would hold too late.
  enableHttpStream: true,
  // The host is not to tell once more what we tell ourselves.
  capabilities: telemetry ? { WorkerOpenTelemetryEnabled: 'true' } : {},
});
for (const definition of makeDefinitions()) register(definition);

function makeDefinitions(): FunctionDefinition[] {
  const loaded = loadConfig(process.env);
  if ('problems' in loaded) {
    // Not thrown: health is to say what is wrong, to someone who can't read the log.
    for (const problem of loaded.problems) log.error('configuration is wrong', { problem });
    return makeMisconfiguredTable(loaded.problems as readonly [Problem, ...Problem[]]);
  }
  const { ports } = connect(loaded.config, log, undefined, telemetry?.telemetry);
  return makeTable(
    makeApp(ports, loaded.config.studio, loaded.config.fluxEventsKeys),
    makeAuthenticate(loaded.config.auth),
  );
}

function openTelemetry() {
  const secrets = knownSecrets(process.env);
  const clean = (text: string) => redact(text, secrets);
  const console = makeConsoleLog(clean);
  const settings = readTelemetrySettings(process.env);
  if (settings === undefined) return { log: console };
  const telemetry = makeLazyTelemetry(settings, { console, redact: clean });
  app.hook.appTerminate(() => telemetry.close());
  return { log: telemetry.log, telemetry };
}

function register(definition: FunctionDefinition): void {
  const { name } = definition;
  if (definition.trigger === 'http') {
    const { method, route, handler } = definition;
    app.http(name, { methods: [method], route, authLevel: 'anonymous', handler });
  } else if (definition.trigger === 'blob') {
    const { container, connection, handler } = definition;
    // In Azure the events come from Event Grid, all that Flex Consumption takes. Azurite sends none: there it is polled.
    const source = process.env.AZURE_FUNCTIONS_ENVIRONMENT === 'Development' ? 'LogsAndContainerScan' : 'EventGrid';
    app.storageBlob(name, { path: `${container}/{name}`, connection, source, handler });
  } else if (definition.trigger === 'queue') {
    app.storageQueue(name, {
      queueName: definition.queue,
      connection: definition.connection,
      handler: definition.handler,
    });
  } else {
    app.timer(name, { schedule: definition.schedule, handler: definition.handler });
  }
}
