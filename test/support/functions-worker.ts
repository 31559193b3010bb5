import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

/** What the worker is told of a function: `registerFunction` of `@azure/functions-core`. */
export interface Registered {
  readonly name: string;
  readonly bindings: Readonly<Record<string, Record<string, unknown>>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export interface Loaded {
  readonly functions: Registered[];
  /** What the host is told that the worker can do. */
  readonly capabilities: Readonly<Record<string, string>>;
  /** Of the function that was called, if one was. */
  readonly answer?: Answer;
  /** Of telemetry's SDK: how many were loaded with the entry, and how many when a call had been answered. */
  readonly modules: { readonly atOnce: number; readonly inTheEnd: number };
  readonly stderr: string;
}

export interface Call {
  readonly name: string;
  readonly method?: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Of a body of blanks: sent in chunks, without a length. */
  readonly bodyBytes?: number;
}

/**
 * The worker provides `@azure/functions-core` to what it loads; here it only writes down what is registered. A call comes
 * as the host sends it to a worker that streams: over the proxy that the SDK opens, the parameters and headers beside it.
 */
const WORKER = `
  const http = require('node:http');
  const Module = require('node:module');
  const load = Module._load;
  const functions = [];
  const handlers = new Map();
  let model;
  const core = {
    setProgrammingModel(given) { model = given; },
    registerHook() { return { dispose() {} }; },
    log() {},
    registerFunction(metadata, handler) {
      functions.push({ name: metadata.name, bindings: metadata.bindings });
      handlers.set(metadata.name, handler);
      return { dispose() {} };
    },
  };
  Module._load = function (request, ...rest) {
    return request === '@azure/functions-core' ? core : load.call(this, request, ...rest);
  };

  async function invoke({ name, params = {}, headers = {} }) {
    const { bindings } = functions.find((one) => one.name === name);
    const [trigger] = Object.entries(bindings).find(([, { type }]) => type === 'httpTrigger');
    const texts = Object.entries(params).map(([key, string]) => [key, { string }]);
    const invocation = model.getInvocationModel({
      invocationId: 'i',
      metadata: { name, bindings },
      request: {
        inputData: [{ name: trigger, data: {} }],
        triggerMetadata: { ...Object.fromEntries(texts), Headers: { json: JSON.stringify(headers) } },
      },
      log() {},
    });
    const { context, inputs } = await invocation.getArguments();
    const result = await invocation.invokeFunction(context, inputs, handlers.get(name));
    await invocation.getResponse(context, result);
  }

  function ask(proxy, { name, method = 'GET', headers = {}, body, bodyBytes = 0 }) {
    const forwarded = { 'x-ms-invocation-id': 'i', 'x-forwarded-host': '127.0.0.1', 'x-forwarded-proto': 'http' };
    return new Promise((resolve, reject) => {
      const url = new URL('/api/' + name, proxy);
      const request = http.request(url, { method, headers: { ...headers, ...forwarded } }, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk)).on('error', reject).on('end', () => {
          const { statusCode: status, headers } = response;
          resolve({ status, headers, body: Buffer.concat(chunks).toString() });
        });
      });
      request.on('error', reject);
      if (body !== undefined) request.write(JSON.stringify(body));
      for (let sent = 0; sent < bodyBytes; sent += 65536) request.write(Buffer.alloc(65536, ' '));
      request.end();
    });
  }

  const telemetry = () => Object.keys(require.cache).filter((path) => /applicationinsights|opentelemetry/.test(path));
  async function isLoaded() {
    const giveUpAt = Date.now() + 20_000;
    while (telemetry().length === 0 && Date.now() < giveUpAt) await new Promise((resolve) => setTimeout(resolve, 50));
  }

  module.exports = async (main, call) => {
    await import(main);
    const atOnce = telemetry().length;
    const capabilities = await model.getCapabilities({});
    const [answer] = call ? await Promise.all([ask(capabilities.HttpUri, call), invoke(call)]) : [];
    if (process.env.APPLICATIONINSIGHTS_CONNECTION_STRING) await isLoaded();
    const modules = { atOnce, inTheEnd: telemetry().length };
    process.stdout.write('\\n' + JSON.stringify({ functions, capabilities, answer, modules }) + '\\n', () => process.exit(0));
  };`;

/** Loads an entry as the worker does, in a process of its own, and calls one of its functions. */
export async function loadUnderWorker(
  main: string,
  cwd: string,
  env: Record<string, string>,
  call?: Call,
): Promise<Loaded> {
  const folder = mkdtempSync(join(tmpdir(), 'worker-'));
  const worker = join(folder, 'worker.cjs');
  writeFileSync(worker, WORKER);
  const script = `require(${JSON.stringify(worker)})(${JSON.stringify(pathToFileURL(main).href)}, ${JSON.stringify(call ?? null)})`;
  const options = { cwd, env: { PATH: process.env.PATH ?? '', ...env }, timeout: 30_000 };
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--eval', script], options);
    return { ...JSON.parse(stdout.trim().split('\n').at(-1) as string), stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
