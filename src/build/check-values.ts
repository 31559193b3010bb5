import { type Problem, problem } from '../errors.ts';
import { type Environment, fillPattern } from '../model/environments.ts';
import { isRecord } from '../model/is-record.ts';
import { type AppName, NAMESPACE } from '../model/names.ts';
import type { Policy } from '../model/policy.ts';
import { appHost } from './app-values.ts';
import { foreignHosts, routeProblems } from './check-routes.ts';
import type { Values } from './read-values.ts';

/** Fields of a pod that reach out of it, wherever they stand. */
const FORBIDDEN_KEYS = new Set([
  'hostPath',
  'hostNetwork',
  'hostPID',
  'hostIPC',
  'hostPort',
  'hostAliases',
  'hostUsers',
]);
/** Fields that are refused with one value only. */
const FORBIDDEN_VALUES: readonly (readonly [string, (value: unknown) => boolean])[] = [
  ['privileged', (value) => value === true || value === 'true'],
  ['allowPrivilegeEscalation', (value) => value === true || value === 'true'],
  ['runAsUser', (value) => isObject(value) || isZero(value)],
  ['runAsGroup', (value) => isObject(value) || isZero(value)],
  ['runAsNonRoot', (value) => value === false || value === 'false'],
  ['procMount', (value) => isObject(value) || String(value).toLowerCase() === 'unmasked'],
];
/** Neither String nor Number takes a map that has the key `toString`. */
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
const isZero = (value: unknown): boolean => Number(value) === 0 && value !== '' && value !== null;
/** Flux would expand the first, Helm's `tpl` the second. */
const TEMPLATE = /\$\{|\{\{/;
/** Where a Traefik route has its rule. */
const RULE_KEY = 'match';
/** What has routes, and what they refer to. */
const ROUTING = /^(ingressRoute|customIngressRoutes|middlewares)\./;
const MAX_PROBLEMS = 100;

/** Why values must not reach a cluster: what escapes the pod, the org's own hosts, or the chart. */
export function valuesProblems(values: Values, name: AppName, environment: Environment, policy: Policy): Problem[] {
  const problems: Problem[] = [];
  const add = (path: string, message: string) => {
    if (problems.length < MAX_PROBLEMS) problems.push(problem('RELEASE_POLICY', `values: ${path}: ${message}`, path));
  };
  const isAnyKey = policy.valuesKeys.includes('*');
  for (const key of Object.keys(values))
    if (!isAnyKey && !policy.valuesKeys.includes(key)) add(key, 'the chart knows no such key');
  const ownHosts = [appHost(name, environment), ...policy.hosts.map((host) => fillPattern(host, name))];
  const hosts = new Set(ownHosts.map((host) => host.toLowerCase()));
  walk(values, '', (path, key, value) => {
    if (FORBIDDEN_KEYS.has(key)) add(path, 'reaches out of the pod, and is refused');
    for (const [forbidden, isForbidden] of FORBIDDEN_VALUES)
      if (key === forbidden && isForbidden(value)) add(path, `${isObject(value) ? 'this' : String(value)} is refused`);
    if (key === 'capabilities' && isRecord(value) && Array.isArray(value.add) && value.add.length > 0)
      add(path, 'adds capabilities');
    if (TEMPLATE.test(key)) add(path, "'${' and '{{' would be expanded in the cluster");
    if (key === 'namespace' && ROUTING.test(path) && value !== NAMESPACE)
      add(path, `reaches into another namespace than '${NAMESPACE}'`);
    if (key === RULE_KEY) for (const message of routeProblems(value, hosts)) add(path, message);
    if (typeof value !== 'string') return;
    if (TEMPLATE.test(value)) add(path, "'${' and '{{' would be expanded in the cluster");
    if (key !== RULE_KEY) for (const message of foreignHosts(value, hosts)) add(path, message);
  });
  return problems;
}

function walk(value: unknown, path: string, visit: (path: string, key: string, value: unknown) => void): void {
  const entries = Array.isArray(value) ? value.entries() : isRecord(value) ? Object.entries(value) : [];
  for (const [key, inner] of entries) {
    const innerPath = path === '' ? String(key) : `${path}.${key}`;
    visit(innerPath, typeof key === 'string' ? key : '', inner);
    walk(inner, innerPath, visit);
  }
}
