import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Env, loadConfig } from '../../src/config.ts';
import { SETTINGS } from '../../src/settings.ts';
import { readBicepFiles } from '../support/read-bicep.ts';

const top = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

/** Read by the Functions host, or by what sends telemetry, and not by us. */
const HOST_SETTINGS = [
  'AzureWebJobsStorage__blobServiceUri',
  'AzureWebJobsStorage__queueServiceUri',
  'AzureWebJobsStorage__tableServiceUri',
  'AzureWebJobsStorage__credential',
  'AzureWebJobsStorage__clientId',
  'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
];
/** Of Core Tools, in local.settings.json only: Flex Consumption refuses them. */
const CORE_TOOLS_SETTINGS = ['FUNCTIONS_WORKER_RUNTIME', 'AzureWebJobsStorage'];

const known: readonly string[] = SETTINGS.map(({ name }) => name);
const files = readBicepFiles();
const text = ['main.bicep', 'modules/function-app.bicep']
  .map((path) => files.find((file) => file.path === path)?.text ?? assert.fail(path))
  .join('\n');
/** Every key in the two that looks like a setting, and no other does. */
const inBicep = [
  ...text.matchAll(/^\s+(?:\? \{ )?((?:[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)*|AzureWebJobsStorage)(?:__\w+)?):/gm),
]
  .map(([, name = '']) => name)
  .sort();

describe("the function app's settings in Bicep", () => {
  it('are read by us, or by the host', () => {
    assert.ok(inBicep.length > 15, inBicep.join());
    assert.deepEqual(
      inBicep.filter((name) => !known.includes(name) && !HOST_SETTINGS.includes(name)),
      [],
    );
    assert.deepEqual(
      HOST_SETTINGS.filter((name) => !inBicep.includes(name)),
      [],
    );
    assert.equal(new Set(inBicep).size, inBicep.length);
  });

  it('are all that a start in Azure asks for', () => {
    const env: Env = {
      ...Object.fromEntries(inBicep.map((name) => [name, `https://${name.toLowerCase()}.example.org/0123456789`])),
      ENVIRONMENTS_FILE: top('environments.sample.yaml'),
      WEBSITE_SITE_NAME: 'pull-deploy',
    };
    assert.ok('config' in loadConfig(env), JSON.stringify(loadConfig(env)));
    const needed = inBicep.filter((name) => {
      const { [name]: _, ...without } = env;
      return 'problems' in loadConfig(without);
    });
    for (const name of [
      'STUDIO_STORAGE__blobServiceUri',
      'PGHOST',
      'PGUSER',
      'GITEA_URL',
      'AUTH_AUDIENCE',
      'FLUX_EVENTS_KEY',
    ])
      assert.ok(needed.includes(name), name);
  });

  it('hold no secret: what is one is a reference to Key Vault', () => {
    for (const name of ['GITEA_TOKEN', 'FLUX_EVENTS_KEY', 'FLUX_EVENTS_PREVIOUS_KEY'])
      assert.match(
        text,
        new RegExp(`${name}: '@Microsoft\\.KeyVault\\(SecretUri=\\$\\{vaultUri\\}secrets/[a-z-]+\\)'`),
      );
  });
});

describe('local.settings.sample.json', () => {
  it('names only settings that there are', () => {
    const { Values } = JSON.parse(readFileSync(top('local.settings.sample.json'), 'utf8'));
    assert.deepEqual(
      Object.keys(Values).filter((name) => !known.includes(name) && !CORE_TOOLS_SETTINGS.includes(name)),
      [],
    );
  });
});
