-- The ledger: what is wanted, and what became of it. Storage is made to match it.
-- Schema pull_deploy is made by the migration runner. Forward only: never change a file that has been applied.

-- Documents in storage name the ledger that wrote them, so that another one never replaces them.
create table pull_deploy.installation (
  is_only boolean primary key default true check (is_only),
  id uuid not null default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp()
);
insert into pull_deploy.installation default values;

create table pull_deploy.apps (
  org text not null,
  app text not null,
  known_since timestamptz not null default clock_timestamp(),
  primary key (org, app)
);

-- One row per app and environment: the last sequence given, what is wanted, and what storage was last seen to hold.
create table pull_deploy.releases (
  org text not null,
  app text not null,
  environment text not null,
  last_sequence bigint not null default 0,
  wanted_sequence bigint not null default 0,
  wanted_deployment uuid,
  published_sequence bigint,
  published_deployment uuid,
  published_digest text,
  published_etag text,
  published_at timestamptz,
  source_since timestamptz,
  primary key (org, app, environment),
  foreign key (org, app) references pull_deploy.apps,
  check (wanted_sequence <= last_sequence)
);

create table pull_deploy.deployments (
  id uuid primary key,
  ordinal bigint not null generated always as identity unique,
  org text not null,
  app text not null,
  environment text not null,
  sequence bigint not null,
  kind text not null check (kind in ('deploy', 'undeploy', 'rollback')),
  origin text not null check (origin in ('api', 'drop')),
  state text not null check (state in ('accepted', 'building', 'uploaded', 'published', 'applied', 'removed', 'failed', 'rejected', 'superseded')),
  tag_name text not null,
  commit_id text not null,
  creator text not null,
  -- Resolved when the request came, so that nothing drifts until it is built.
  resolved jsonb not null,
  artifact_sha256 text,
  artifact_bytes bigint,
  inputs_digest text,
  deploy_digest text,
  problems jsonb not null default '[]',
  warnings jsonb not null default '[]',
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  unique (org, app, environment, sequence),
  foreign key (org, app, environment) references pull_deploy.releases
);
create index deployments_of_app on pull_deploy.deployments (org, app, ordinal desc);
create index deployments_of_release on pull_deploy.deployments (org, app, environment, ordinal desc);
create index deployments_unfinished on pull_deploy.deployments (created_at) where state in ('accepted', 'building', 'uploaded');

create table pull_deploy.deployment_events (
  id bigint primary key generated always as identity,
  deployment_id uuid not null references pull_deploy.deployments,
  type text not null,
  message text not null,
  origin text not null,
  created_at timestamptz not null default clock_timestamp()
);
create index events_of_deployment on pull_deploy.deployment_events (deployment_id, id);

-- What the container `artifacts` holds.
create table pull_deploy.artifacts (
  deployment_id uuid primary key references pull_deploy.deployments,
  org text not null,
  app text not null,
  environment text not null,
  sha256 text not null,
  bytes bigint not null,
  inputs_digest text not null,
  deploy_digest text not null,
  tag_name text not null,
  commit_id text not null,
  archived_at timestamptz not null default clock_timestamp()
);
create index artifacts_of_release on pull_deploy.artifacts (org, app, environment, archived_at desc);

create table pull_deploy.idempotency_keys (
  caller text not null,
  org text not null,
  app text not null,
  key text not null,
  request_digest text not null,
  deployment_id uuid not null references pull_deploy.deployments deferrable initially deferred,
  created_at timestamptz not null default clock_timestamp(),
  primary key (caller, org, app, key)
);
