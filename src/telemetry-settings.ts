import type { Env } from './config.ts';
import type { SettingName } from './settings.ts';

export interface TelemetrySettings {
  readonly connectionString: string;
  /** Undefined in Development, where the connection string is enough; else tokens are those of the managed identity. */
  readonly identity: { readonly clientId: string | undefined } | undefined;
}

/** Settings whose values are secrets, or hold one. */
const SECRET_SETTINGS = [
  'GITEA_TOKEN',
  'DATABASE_URL',
  'STUDIO_STORAGE',
  'FLUX_EVENTS_KEY',
  'FLUX_EVENTS_PREVIOUS_KEY',
  'APPLICATIONINSIGHTS_CONNECTION_STRING',
] as const satisfies readonly SettingName[];

/** Apart from the rest of the configuration: what is wrong with that is to be told too. Undefined: telemetry is off. */
export function readTelemetrySettings(env: Env): TelemetrySettings | undefined {
  const connectionString = env.APPLICATIONINSIGHTS_CONNECTION_STRING?.trim();
  if (!connectionString) return undefined;
  const isDevelopment = env.AZURE_FUNCTIONS_ENVIRONMENT?.trim() === 'Development';
  return {
    connectionString,
    identity: isDevelopment ? undefined : { clientId: env.AZURE_CLIENT_ID?.trim() || undefined },
  };
}

/** Values that must be in no log and no answer: of each secret setting the whole, and the secret within it. */
export function knownSecrets(env: Env): string[] {
  return SECRET_SETTINGS.flatMap((name) => {
    const value = env[name]?.trim();
    return value ? [value, ...partsOf(value)] : [];
  });
}

function partsOf(value: string): string[] {
  const parts = [...value.matchAll(/(?:AccountKey|SharedAccessSignature|InstrumentationKey)=([^;]+)/gi)].map(
    ([, part]) => part,
  );
  const password = URL.canParse(value) ? new URL(value).password : '';
  return [...parts, password, decode(password)].filter((part) => part !== undefined && part !== '') as string[];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
