-- For lists of a million deployments: whatever they are filtered by, an index has exactly those rows in the list's order.
-- Each is made while the table can be read and not written to: some seconds for a million rows.

create index deployments_by_environment on pull_deploy.deployments (org, environment, ordinal desc);
create index deployments_by_kind on pull_deploy.deployments (org, kind, ordinal desc);
create index deployments_by_tag on pull_deploy.deployments (org, tag_name, ordinal desc);
-- One app's: with all that can be asked for in the index, its thousands need not be fetched to find the few.
create index deployments_of_app_filtered on pull_deploy.deployments (org, app, ordinal desc)
  include (environment, state, kind, tag_name, creator, created_at);
drop index pull_deploy.deployments_of_app;
drop index pull_deploy.deployments_of_tag;
-- Finds the ordinals that a span of time has.
create index deployments_by_time on pull_deploy.deployments (org, created_at, ordinal);
-- The few that a newer one still has to overtake, among all that an app ever had.
create index deployments_overtaken on pull_deploy.deployments (org, app, environment, sequence)
  where state in ('accepted', 'building', 'uploaded', 'published');
-- The end of an app's time in a cluster, looked for between two of its deployments.
create index deployments_undeploy on pull_deploy.deployments (org, app, environment, sequence) where kind = 'undeploy';
-- Of one deployment, in the order they are followed in; nothing reads them by id.
create index events_of_deployment_by_position on pull_deploy.deployment_events (deployment_id, position);
drop index pull_deploy.events_of_deployment;
