-- What the cluster told of each deployment. Every column is the latest of its kind, so that the order in which events come
-- does not matter.

alter table pull_deploy.deployments
  -- Of the event in cluster_event_at and cluster_message: what it says of the deployment.
  add column cluster_meaning text,
  -- The last time that Helm told to have installed or upgraded it; helm_revision is that release's number.
  add column applied_at timestamptz,
  -- The last time that Helm went back from it, and to which of its numbers.
  add column rolled_back_at timestamptz,
  add column rolled_back_to int;
create index deployments_applied on pull_deploy.deployments (org, app, environment, applied_at desc) where applied_at is not null;

-- The last time that Helm told to have uninstalled the app: what was applied before does not run.
alter table pull_deploy.releases add column uninstalled_at timestamptz;
