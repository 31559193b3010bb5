-- What is not kept for ever: artifacts, idempotency keys, refused blobs.

alter table pull_deploy.deployments
  -- From then on its artifact is given to nobody; its blobs are gone once the artifact's row is.
  add column artifact_removed_at timestamptz;
-- Those that take their artifact from it.
create index deployments_from on pull_deploy.deployments (from_deployment) where from_deployment is not null;

alter table pull_deploy.artifacts
  -- The removal was begun: from here it only goes on, until the row is gone, or Azure has refused.
  add column removing_at timestamptz,
  -- Not before this: another process is at it, or Azure has refused.
  add column retry_at timestamptz;
create index artifacts_removing on pull_deploy.artifacts (removing_at) where removing_at is not null;

create index idempotency_keys_by_age on pull_deploy.idempotency_keys (created_at);

-- How far a walk over all blobs of a container has come: each pass goes on where the one before stopped.
create table pull_deploy.walks (
  container text primary key,
  -- As storage gave it; null at the beginning.
  marker text,
  -- Of this round so far.
  blobs bigint not null default 0,
  found bigint not null default 0
);
