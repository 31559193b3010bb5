import { parseDocument } from 'yaml';
import * as z from 'zod';
import { toDotPath } from 'zod/v4/core';
import type { SignIn } from './adapters/identity.ts';
import type { StorageConfig } from './adapters/storage-calls.ts';
import { type Problem, problem } from './errors.ts';
import type { Environment, Studio } from './model/environments.ts';
import { isRecord } from './model/is-record.ts';
import { isOrg } from './model/names.ts';
import {
  DEFAULT_POLICY,
  KINDS,
  MAX_LIMITS,
  RETENTION_RANGES,
  type Retention,
  type SizeLimits,
} from './model/policy.ts';

const label = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/, 'must be a short name in lower case');
const pattern = z.string().regex(/\{org\}/, "must contain '{org}'");

const limit = (name: keyof SizeLimits) => z.int().positive().max(MAX_LIMITS[name]).default(DEFAULT_POLICY.limits[name]);

function kept(name: keyof Retention) {
  const [least, most] = RETENTION_RANGES[name];
  const message = `must be a whole number from ${least} to ${most}`;
  return z.int(message).min(least, message).max(most, message).default(DEFAULT_POLICY.retention[name]);
}

const environmentSchema = z.strictObject({
  hostname: z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'must be a host name'),
  storage: z
    .string()
    .regex(/^https?:\/\/[^?#]+$/, "must be the account's blob endpoint")
    .transform((url) => url.replace(/\/+$/, '')),
  connectionString: z.string().min(1).optional(),
  orgs: z
    .array(z.string().refine(isOrg, 'must be an org short name'))
    .refine((orgs) => new Set(orgs).size === orgs.length, 'must name each org once'),
  receiver: z
    .string()
    .regex(/^https?:\/\/[^?#]*\{org\}[^?#]*$/, "must be a URL with '{org}' and without a query")
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
  acceptDrops: z.boolean().optional(),
});

const fileSchema = z.strictObject({
  studio: z.strictObject({
    name: label,
    registry: pattern.default('{org}altinnregistry01.azurecr.io'),
    appSecret: pattern.default('{org}-{app}-env'),
    serviceAccountName: z.string().min(1).optional(),
    clusterSilenceMinutes: z.int().min(1).max(1440).default(15),
    chart: z.strictObject({
      name: z.string().min(1).default('deployment'),
      version: z.string().regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/, 'must be an exact version, like 3.12.0'),
      repository: z.string().min(1).default('altinn-charts'),
    }),
  }),
  policy: z
    .strictObject({
      valuesKeys: z.array(z.string().min(1)).default([...DEFAULT_POLICY.valuesKeys]),
      hosts: z.array(z.string().min(1)).default([...DEFAULT_POLICY.hosts]),
      deployDocuments: z.enum(['rebuild', 'allow-list']).default(DEFAULT_POLICY.deployDocuments),
      kinds: z
        .array(z.enum(KINDS))
        .refine((kinds) => kinds.includes('HelmRelease'), "must have 'HelmRelease': without it nothing is deployed")
        .default([...DEFAULT_POLICY.kinds]),
      limits: z
        .strictObject({
          maxZipMebibytes: limit('maxZipMebibytes'),
          maxInflatedMebibytes: limit('maxInflatedMebibytes'),
          maxFiles: limit('maxFiles'),
          maxRatio: limit('maxRatio'),
        })
        .prefault({}),
      retention: z
        .strictObject({
          keepLast: kept('keepLast'),
          keepDays: kept('keepDays'),
          keepGood: kept('keepGood'),
          immutableDays: kept('immutableDays'),
          rejectedDays: kept('rejectedDays'),
          idempotencyHours: kept('idempotencyHours'),
        })
        .prefault({}),
    })
    .prefault({}),
  environments: z
    .record(label, environmentSchema)
    .refine((all) => Object.keys(all).length > 0, 'must name at least one environment'),
});

export interface EnvironmentsFile {
  readonly studio: Studio | undefined;
  readonly storage: ReadonlyMap<string, StorageConfig>;
  readonly problems: readonly Problem[];
}

/** The YAML file that says which environments there are; see `environments.sample.yaml`. */
export function readEnvironments(text: string, options: { development: boolean; signIn: SignIn }): EnvironmentsFile {
  const fail = (messages: readonly string[]): EnvironmentsFile => ({
    studio: undefined,
    storage: new Map(),
    problems: messages.map((message) =>
      problem('CONFIGURATION_INVALID', `environments file: ${message}`, 'ENVIRONMENTS_FILE'),
    ),
  });
  const document = parseDocument(text, { version: '1.2', strict: true, uniqueKeys: true });
  const [syntax] = document.errors;
  if (syntax) return fail([syntax.message]);
  const content: unknown = document.toJS();
  const parsed = fileSchema.safeParse(content);
  const issues = parsed.error?.issues ?? [];
  const addresses = addressesIn(content);
  const messages = [
    ...issues.map((issue) => `${toDotPath(issue.path)}: ${issue.message}`),
    ...addresses.flatMap((one) => (options.development ? [] : addressProblems(one))),
    ...sharedAccounts(addresses),
  ];
  if (!parsed.success || messages.length > 0) return fail(messages);
  const { studio, environments, policy } = parsed.data;
  return {
    studio: {
      name: studio.name,
      chart: studio.chart,
      registryPattern: studio.registry,
      appSecretPattern: studio.appSecret,
      clusterSilenceMinutes: studio.clusterSilenceMinutes,
      ...(studio.serviceAccountName === undefined ? {} : { serviceAccountName: studio.serviceAccountName }),
      environments: Object.entries(environments).map(([name, facts]) => toEnvironment(name, facts)),
      policy,
    },
    storage: new Map(
      Object.entries(environments).map(([name, { storage, connectionString }]) => [
        name,
        connectionString ? { connectionString } : { blobServiceUri: storage, signIn: options.signIn },
      ]),
    ),
    problems: [],
  };
}

type EnvironmentFacts = z.output<typeof environmentSchema>;

function toEnvironment(name: string, facts: EnvironmentFacts): Environment {
  const { hostname, storage, orgs, receiver, acceptDrops } = facts;
  return {
    ...{ name, hostname, blobEndpoint: storage, orgs, acceptDrops: acceptDrops ?? name !== 'production' },
    ...(receiver === undefined ? {} : { receiverPattern: receiver }),
  };
}

interface Addresses {
  readonly name: string;
  /** Absent where it is no URL at all, which has been told. */
  readonly storage: string | undefined;
  readonly receiver: string | undefined;
  readonly hasConnectionString: boolean;
}

/** Of a file that may be wrong in other ways: what is wrong with these is told together with that. */
function addressesIn(content: unknown): Addresses[] {
  const environments = isRecord(content) && isRecord(content.environments) ? content.environments : {};
  const url = (value: unknown) =>
    typeof value === 'string' && /^https?:/.test(value) ? value.replace(/\/+$/, '') : undefined;
  return Object.entries(environments).flatMap(([name, facts]) =>
    isRecord(facts)
      ? {
          name,
          storage: url(facts.storage),
          receiver: url(facts.receiver),
          hasConnectionString: !!facts.connectionString,
        }
      : [],
  );
}

function addressProblems({ name, storage, receiver, hasConnectionString }: Addresses): string[] {
  const problems: string[] = [];
  if (hasConnectionString) problems.push(`environments.${name}.connectionString: may be set in Development only`);
  if (storage?.startsWith('http:')) problems.push(`environments.${name}.storage: must be https`);
  if (receiver?.startsWith('http:')) problems.push(`environments.${name}.receiver: must be https`);
  return problems;
}

/** Two environments in one account would publish over each other. */
function sharedAccounts(environments: readonly Addresses[]): string[] {
  const owners = new Map<string, string>();
  return environments.flatMap(({ name, storage }) => {
    const account = storage?.toLowerCase();
    if (account === undefined) return [];
    const other = owners.get(account);
    owners.set(account, name);
    return other === undefined
      ? []
      : [`environments.${name}.storage: is that of '${other}' too; each needs an account of its own`];
  });
}
