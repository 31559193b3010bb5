import { appPageSchema, appSchema } from '../../operate/show-apps.ts';
import { DEFAULT_PAGE, deploymentPageSchema } from '../../operate/show-deployments.ts';
import { authorizeEverywhere } from '../authorize.ts';
import { APP, DEPLOYMENT } from '../examples.ts';
import { appName, defineRoute, pageQuerySchema, reply } from '../route.ts';
import { listQuerySchema, toFilter } from './list-query.ts';

export const registerApp = defineRoute({
  name: 'registerApp',
  method: 'PUT',
  route: 'v1/{org}/{app}',
  access: 'deployer',
  summary: 'Make an app ready to be deployed, at once; safe to repeat.',
  description:
    "Makes its container, first release and Flux source in every environment where its org has a cluster. The timers do the same within minutes of an app's first push. Needs `deployer` itself: that of one environment is not enough.",
  replies: {
    200: { description: 'It was known before.', schema: appSchema, example: APP },
    201: { description: 'It is known now.', schema: appSchema, example: APP },
  },
  problems: [
    ...['APP_UNKNOWN', 'CLUSTER_UNKNOWN', 'GITEA_UNAVAILABLE', 'GITEA_DENIED', 'STORAGE_UNAVAILABLE'],
    ...['PUBLISH_CONTENDED', 'LEDGER_STALE', 'LEDGER_FOREIGN', 'STORAGE_EMPTY'],
  ] as const,
  async handle(app, call) {
    authorizeEverywhere(call.caller);
    const { view, isNew } = await app.registerApp(appName(call));
    return reply(isNew ? 201 : 200, appSchema, view);
  },
});

export const getApp = defineRoute({
  name: 'getApp',
  method: 'GET',
  route: 'v1/{org}/{app}',
  access: 'reader',
  summary: 'An app at a glance: per environment what is wanted, published and applied.',
  replies: { 200: { description: 'The app.', schema: appSchema, example: APP } },
  problems: ['APP_UNKNOWN'],
  async handle(app, call) {
    return reply(200, appSchema, await app.showApp(appName(call)));
  },
});

export const listApps = defineRoute({
  name: 'listApps',
  method: 'GET',
  route: 'v1/{org}',
  access: 'reader',
  summary: "List an org's apps by name.",
  query: pageQuerySchema,
  replies: { 200: { description: 'A page.', schema: appPageSchema, example: { apps: [APP] } } },
  async handle(app, call) {
    const { limit = DEFAULT_PAGE, cursor } = call.query;
    return reply(200, appPageSchema, await app.listApps(appName(call).org, { limit, cursor }));
  },
});

export const listOrgDeployments = defineRoute({
  name: 'listOrgDeployments',
  method: 'GET',
  route: 'v1/{org}/-/deployments',
  access: 'reader',
  summary: "List the deployments of all of an org's apps, newest first.",
  query: listQuerySchema,
  replies: { 200: { description: 'A page.', schema: deploymentPageSchema, example: { deployments: [DEPLOYMENT] } } },
  async handle(app, call) {
    const { org } = appName(call);
    return reply(200, deploymentPageSchema, await app.listDeployments({ org, ...toFilter(call.query) }));
  },
});
