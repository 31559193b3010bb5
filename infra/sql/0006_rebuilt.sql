-- Deployments that are known from storage alone, after the database was lost (`npm run reindex`).

alter table pull_deploy.deployments drop constraint deployments_origin_check;
alter table pull_deploy.deployments add constraint deployments_origin_check check (origin in ('api', 'drop', 'storage'));
