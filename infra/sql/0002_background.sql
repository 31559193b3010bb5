-- What the timers need: leases on unfinished requests, counted attempts at blobs, apps seen in Gitea, why a release is held.

-- An undeploy has neither tag nor commit.
alter table pull_deploy.deployments
  alter column tag_name drop not null,
  alter column commit_id drop not null,
  -- Until then the process that took the request is taken to be alive; each new holder gets the next number.
  add column lease_until timestamptz,
  add column fence int not null default 1;

-- Counted before a blob is read: one that kills the process is noticed too.
create table pull_deploy.incoming_attempts (
  blob text primary key,
  attempts int not null default 0,
  reason text,
  updated_at timestamptz not null default clock_timestamp()
);

alter table pull_deploy.apps
  -- Of the repository in Gitea when it was last looked into.
  add column repository_updated_at timestamptz,
  -- Since when Gitea does not have it any more; nothing in a cluster changes for that.
  add column missing_since timestamptz;

-- Taken out of the cluster's sources by an operator; a new deployment brings it back.
alter table pull_deploy.releases add column retired_at timestamptz;

-- Repositories that are no app, so that they are not looked into again until they change.
create table pull_deploy.other_repositories (
  org text not null,
  name text not null,
  repository_updated_at timestamptz not null,
  primary key (org, name)
);

-- Of each cluster: the sources document as it was last read or written, and what it was to hold then.
create table pull_deploy.clusters (
  org text not null,
  environment text not null,
  sources_etag text not null,
  desired_digest text not null,
  primary key (org, environment)
);

-- What is not written, and why: shown by health until it is over. `app` is empty for a cluster's sources.
create table pull_deploy.holds (
  environment text not null,
  org text not null,
  app text not null default '',
  code text not null,
  message text not null,
  since timestamptz not null default clock_timestamp(),
  primary key (environment, org, app)
);
