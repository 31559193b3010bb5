-- What the API tells and takes beyond a plain deployment: where it comes from, what is blocked, what the cluster said,
-- and events that can be followed without missing one.

alter table pull_deploy.deployments
  -- The deployment that a rollback or promotion takes its artifact from.
  add column from_deployment uuid references pull_deploy.deployments,
  add column reason text,
  -- Not to be rolled back to, nor promoted, until unblocked.
  add column blocked_at timestamptz,
  add column blocked_by text,
  add column blocked_reason text,
  -- When Flux could pull it; the cluster's events from before that are of something else.
  add column published_at timestamptz,
  -- The last of the cluster's events that decided its state: by Helm's release number, then by the event's own time.
  add column cluster_event_at timestamptz,
  add column helm_revision int,
  add column cluster_message text;
update pull_deploy.deployments d set published_at =
  (select min(e.created_at) from pull_deploy.deployment_events e where e.deployment_id = d.id and e.type = 'published');

-- Over all apps of an org, and by what the lists can be filtered by.
create index deployments_of_org on pull_deploy.deployments (org, ordinal desc);
create index deployments_of_tag on pull_deploy.deployments (org, app, tag_name, ordinal desc);
create index deployments_by_creator on pull_deploy.deployments (org, creator, ordinal desc);
create index deployments_by_state on pull_deploy.deployments (org, state, ordinal desc);

alter table pull_deploy.deployment_events
  add column org text,
  -- Given after the event was committed, one after the other: whoever has read up to one has missed none before it.
  add column position bigint,
  -- What else the event says: Flux's reason, object and severity.
  add column details jsonb not null default '{}',
  -- Of a message from outside, so that it is kept once.
  add column dedupe_key text;
update pull_deploy.deployment_events e set org = d.org, position = e.id
  from pull_deploy.deployments d where d.id = e.deployment_id;
alter table pull_deploy.deployment_events alter column org set not null;
create index events_of_org on pull_deploy.deployment_events (org, position) where position is not null;
create index events_without_position on pull_deploy.deployment_events (id) where position is null;
create unique index events_from_outside on pull_deploy.deployment_events (deployment_id, dedupe_key) where dedupe_key is not null;
create unique index events_by_position on pull_deploy.deployment_events (position) where position is not null;

-- What runs in the cluster, as far as it has told.
alter table pull_deploy.releases
  add column applied_deployment uuid,
  add column applied_at timestamptz,
  add column helm_revision int;
