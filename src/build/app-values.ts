import { type Environment, fillPattern, type Studio } from '../model/environments.ts';
import { type AppName, helmReleaseName } from '../model/names.ts';
import type { Values } from './read-values.ts';

export interface AppRelease extends AppName {
  readonly tagName: string;
  readonly deploymentId: string;
}

/** Redeploying the same tag must roll out: a pod annotation that changes with each deployment sees to it. */
export const DEPLOYMENT_ID_ANNOTATION = 'altinn.studio/deployment-id';

/** Where an org's images are. */
export const imageRegistry = (studio: Studio, name: AppName): string => fillPattern(studio.registryPattern, name);

export const appHost = (name: AppName, environment: Environment): string => `${name.org}.apps.${environment.hostname}`;

/**
 * What the platform decides about an app, over which the app's own values have no say. Equal to what the former
 * pipeline wrote, but for its two secrets in clear: those come from the app's Secret, third in `envFrom`.
 */
export function platformValues(release: AppRelease, environment: Environment, studio: Studio): Values {
  const name = helmReleaseName(release);
  return {
    image: {
      pullSecrets: [],
      repository: `${imageRegistry(studio, release)}/${name}`,
      tag: release.tagName,
      envFrom: [
        { configMapRef: { name: 'apps-runtime-common-config-env' } },
        { secretRef: { name: 'apps-runtime-common-secrets-env' } },
        { secretRef: { name: fillPattern(studio.appSecretPattern, release), optional: true } },
      ],
      environment: [
        { name: 'AppSettings__AppInsightsRoleName', value: release.app },
        { name: 'AppSettings__AppVersion', value: release.tagName },
      ],
    },
    podAnnotations: { [DEPLOYMENT_ID_ANNOTATION]: release.deploymentId },
    service: { name },
    ingressRoute: {
      tls: {},
      name: `${name}-ingress-route`,
      routes: [
        {
          kind: 'Rule',
          match: ingressMatch(release, environment),
          services: [{ name: `${name}-deployment`, port: 80 }],
          middlewares: [{ name: 'hsts-header' }],
        },
      ],
    },
  };
}

function ingressMatch(name: AppName, environment: Environment): string {
  const host = `Host(\`${appHost(name, environment)}\`)`;
  const path = `/${name.org}/${name.app}`;
  return `${host}&&PathPrefix(\`${path}/\`)||${host}&&Path(\`${path}\`)`;
}
