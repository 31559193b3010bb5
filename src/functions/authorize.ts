import { AppError } from '../errors.ts';
import type { Caller } from './auth.ts';

/** Each includes those before it. No call needs an operator: the role is for those who run the service. */
export const ROLES = ['reader', 'deployer', 'operator'] as const;
export type Role = (typeof ROLES)[number];

/** `deployer.tt02`: a deployer there and nowhere else. */
const DEPLOYER_OF = 'deployer.';
/** `org.ttd`: whoever has any of these sees the orgs named and no others. */
const LIMITED_TO = 'org.';

/**
 * Whether the caller may see anything of the org. A stranger gets the same answer whether there is such an org or not.
 * @throws AppError ORG_UNKNOWN
 */
export function authorizeOrg({ roles }: Caller, org: string): void {
  const limits = [...roles].filter((role) => role.startsWith(LIMITED_TO));
  if (limits.length === 0 || limits.includes(LIMITED_TO + org)) return;
  throw new AppError('ORG_UNKNOWN', `org '${org}': there is none, or none that you may see`, { path: 'org' });
}

/** Whether the caller has the role, for some environment at least. @throws AppError FORBIDDEN */
export function authorizeRole({ roles }: Caller, needed: Role): void {
  const sufficient: readonly string[] = ROLES.slice(ROLES.indexOf(needed));
  const isSufficient = (role: string) =>
    sufficient.includes(role) || (needed !== 'operator' && role.startsWith(DEPLOYER_OF));
  if ([...roles].some(isSufficient)) return;
  const alternative = needed === 'deployer' ? `, or '${DEPLOYER_OF}{environment}'` : '';
  throw new AppError('FORBIDDEN', `this call needs the role '${needed}'${alternative}`);
}

/** Whether the caller may change what runs in every environment. @throws AppError FORBIDDEN */
export function authorizeEverywhere({ roles }: Caller): void {
  if (['operator', 'deployer'].some((role) => roles.has(role))) return;
  throw new AppError('FORBIDDEN', "this call is for every environment: it needs the role 'deployer'");
}

/** Whether the caller may change what runs there. @throws AppError FORBIDDEN */
export function authorizeEnvironment({ roles }: Caller, environment: string): void {
  if (['operator', 'deployer', DEPLOYER_OF + environment].some((role) => roles.has(role))) return;
  throw new AppError('FORBIDDEN', `this call needs the role 'deployer', or '${DEPLOYER_OF}${environment}'`, {
    path: 'envName',
  });
}
