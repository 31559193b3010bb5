-- Studio's own tables as its database has them, as far as they are read here; made for the local run only.
create schema if not exists designer;

create table if not exists designer.releases (
  sequenceno bigserial primary key,
  buildid varchar,
  tagname varchar,
  org varchar,
  app varchar,
  buildstatus varchar,
  buildresult varchar,
  created timestamptz,
  entity text
);

create table if not exists designer.app_scopes (
  id bigint generated always as identity primary key,
  app varchar not null,
  org varchar not null,
  created timestamptz not null default now(),
  scopes jsonb not null,
  created_by varchar,
  last_modified_by varchar,
  unique (org, app)
);

create table if not exists designer.builds (
  id bigint generated always as identity primary key,
  external_id varchar,
  status varchar,
  result varchar,
  build_type int,
  started timestamptz,
  finished timestamptz,
  unique (external_id, build_type)
);

create table if not exists designer.deployments (
  sequenceno bigserial primary key,
  buildid varchar,
  tagname varchar,
  org varchar,
  app varchar,
  buildresult varchar,
  created timestamptz,
  entity text,
  created_by varchar,
  envname varchar,
  internal_build_id bigint references designer.builds,
  deployment_type int not null default 0
);

create table if not exists designer.deploy_events (
  id bigint generated always as identity primary key,
  deployment_sequenceno bigint not null references designer.deployments,
  event_type varchar not null,
  message text,
  timestamp timestamptz not null,
  created timestamptz not null default now(),
  origin varchar
);

create table if not exists designer.app_settings (
  id bigint generated always as identity primary key,
  app varchar not null,
  org varchar not null,
  environment varchar,
  undeploy_on_inactivity boolean not null default false,
  created timestamptz not null default now(),
  created_by varchar,
  last_modified_by varchar,
  unique (org, app, environment)
);
create unique index if not exists app_settings_of_app on designer.app_settings (org, app) where environment is null;
