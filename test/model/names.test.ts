import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  appContainer,
  appNameProblems,
  artifactBlob,
  clusterContainer,
  fluxName,
  helmReleaseName,
  isCommit,
  isDeploymentId,
  isOrg,
  isTag,
  parseArtifactBlob,
  releaseBlob,
  releaseMarkerName,
  sourcesMarkerName,
} from '../../src/model/names.ts';

const ID = '0f8fad5b-d9cb-469f-a165-70867728950e';
const codes = (org: string, app: string) => appNameProblems({ org, app }).map(({ code }) => code);

const letters = 'abcdefghijklmnopqrstuvwxyz';
const of = (alphabet: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength, maxLength });
const anyOrg = of(`${letters}0123456789`, 2, 6);
const anyApp = of(`${letters}0123456789-`, 3, 30).filter((app) => codes('ttd', app).length === 0);

describe('names', () => {
  it('of orgs are 2 to 6 letters and digits', () => {
    for (const org of ['ttd', 'nb', '5hunr', 'abcdef']) assert.ok(isOrg(org), org);
    for (const org of ['', 'a', 'abcdefg', 'TTD', 'a-b', 'a b', 'tt\n', 'ttd\n', 'åsn', '..'])
      assert.ok(!isOrg(org), org);
  });

  it('of apps are 3 to 30 letters, digits and hyphens', () => {
    for (const app of ['abc', 'a-b', 'app-2', 'datamodel', 'datamodels2', `a${'b'.repeat(29)}`])
      assert.deepEqual(codes('ttd', app), [], app);
    for (const app of [
      '',
      'ab',
      'Abc',
      '2ab',
      '-ab',
      'ab-',
      'a_b',
      'a.b',
      'abc\n',
      'datamodels',
      'a'.repeat(31),
      '../x',
    ])
      assert.deepEqual(codes('ttd', app), ['REQUEST_INVALID'], app);
  });

  it('of apps with two hyphens in a row can name no container', () => {
    assert.deepEqual(codes('ttd', 'a--b'), ['APP_NAME_UNSUPPORTED']);
  });

  it('are judged together', () => assert.deepEqual(codes('TTD', 'A'), ['REQUEST_INVALID', 'REQUEST_INVALID']));

  it('of tags, commits and deployments have their own forms', () => {
    for (const tag of ['1', '1.0.0-beta', 'a', '9'.repeat(128)]) assert.ok(isTag(tag), tag);
    for (const tag of ['', '.1', '-1', 'A', '1_0', '1 ', '1\n', '9'.repeat(129)]) assert.ok(!isTag(tag), tag);
    assert.ok(isCommit('0123456789abcdef0123456789abcdef01234567'));
    for (const commit of ['', 'master', '0'.repeat(39), '0'.repeat(41), 'A'.repeat(40), `${'0'.repeat(40)}\n`])
      assert.ok(!isCommit(commit), commit);
    assert.ok(isDeploymentId(ID));
    for (const id of ['', ID.toUpperCase(), `{${ID}}`, ID.replaceAll('-', ''), `${ID}\n`])
      assert.ok(!isDeploymentId(id), id);
  });

  it('of all that we make are valid in Kubernetes and in blob storage', () => {
    fc.assert(
      fc.property(anyOrg, anyApp, (org, app) => {
        const name = { org, app };
        for (const made of [
          helmReleaseName(name),
          fluxName(name, 'staging'),
          releaseMarkerName(name, 'staging'),
          sourcesMarkerName(org, 'staging'),
        ])
          assert.match(made, /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
        assert.ok(helmReleaseName(name).length <= 53, 'Helm takes 53');
        for (const container of [appContainer(name), clusterContainer(org)])
          assert.match(container, /^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$/);
      }),
    );
  });

  it('of two apps never become one', () => {
    fc.assert(
      fc.property(anyOrg, anyApp, anyOrg, anyApp, (org, app, org2, app2) => {
        fc.pre(org !== org2 || app !== app2);
        for (const make of [
          appContainer,
          helmReleaseName,
          (name: { org: string; app: string }) => fluxName(name, 'dev'),
        ])
          assert.notEqual(make({ org, app }), make({ org: org2, app: app2 }));
      }),
    );
  });
});

describe('parseArtifactBlob', () => {
  it('takes apart what artifactBlob puts together', () => {
    fc.assert(
      fc.property(
        anyOrg,
        anyApp,
        fc.constantFrom('tt02', 'production'),
        fc.uuid(),
        (org, app, environment, deploymentId) => {
          const path = { org, app, environment, deploymentId };
          assert.deepEqual(parseArtifactBlob(artifactBlob(path)), path);
          assert.equal(parseArtifactBlob(releaseBlob(path)), undefined);
        },
      ),
    );
  });

  it('takes nothing else', () => {
    for (const name of [
      '',
      `${ID}.zip`,
      `ttd/small-app/${ID}.zip`,
      `ttd/small-app/tt02/more/${ID}.zip`,
      `/ttd/small-app/tt02/${ID}.zip`,
      `ttd//tt02/${ID}.zip`,
      `ttd/small-app//${ID}.zip`,
      `ttd/../tt02/${ID}.zip`,
      `TTD/small-app/tt02/${ID}.zip`,
      `ttd/small--app/tt02/${ID}.zip`,
      `ttd/small-app/tt02/${ID}`,
      `ttd/small-app/tt02/${ID}.ZIP`,
      `ttd/small-app/tt02/${ID}.zip/`,
      `ttd/small-app/tt02/${ID}.zip.problems.json`,
      `ttd/small-app/tt02/${ID.toUpperCase()}.zip`,
      'ttd/small-app/tt02/.zip',
    ])
      assert.equal(parseArtifactBlob(name), undefined, name);
  });
});
