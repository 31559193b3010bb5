import { SOURCE_FOLDER } from '../../src/model/artifact.ts';
import { file, type Hostile, type HostileFamily, without } from './hostile-alterations.ts';

const METADATA = `${SOURCE_FOLDER}App/config/applicationmetadata.json`;
const POLICY = `${SOURCE_FOLDER}App/config/authorization/policy.xml`;
const TEXTS = `${SOURCE_FOLDER}App/config/texts/`;

const metadata = (content: string | Buffer): Hostile => file(METADATA, content);
const policy = (content: string | Buffer): Hostile => file(POLICY, content);
const text = (language: string, content: string | Buffer): Hostile =>
  file(`${TEXTS}resource.${language}.json`, content);

export const HOSTILE_APPS: HostileFamily = {
  'APP_METADATA_INVALID.missing': without(METADATA),
  'APP_METADATA_INVALID.cut': metadata('{"id": "ttd/small-app", "org": "ttd"'),
  'APP_METADATA_INVALID.with-comment': metadata('{"id": "ttd/small-app", "org": "ttd"} // done'),
  'APP_METADATA_INVALID.list': metadata('["ttd/small-app"]'),
  'APP_METADATA_INVALID.not-utf-8': metadata(
    Buffer.from('{"id": "ttd/small-app", "org": "ttd", "title": "s\xf8knad"}', 'latin1'),
  ),
  'APP_METADATA_INVALID.placeholder-of-app': metadata(
    '{"id": "ttd/small-app", "org": "ttd", "title": {"nb": "[APP]"}}',
  ),
  'APP_METADATA_INVALID.placeholder-as-id': metadata('{"id": "[ORG]/[APP]", "org": "[ORG]"}'),
  'APP_ID_MISMATCH.other-app': metadata('{"id": "ttd/other", "org": "ttd"}'),
  'APP_ID_MISMATCH.other-org': metadata('{"id": "nav/small-app", "org": "nav"}'),
  'APP_ID_MISMATCH.other-org-in-one-field': metadata('{"id": "ttd/small-app", "org": "nav"}'),
  'APP_ID_MISMATCH.id-missing': metadata('{"org": "ttd"}'),
  'APP_ID_MISMATCH.id-longer': metadata('{"id": "ttd/small-app-two", "org": "ttd"}'),
  'APP_ID_MISMATCH.id-nested': metadata(`{"id": ${'['.repeat(5_000)}${']'.repeat(5_000)}, "org": "ttd"}`),
  'APP_POLICY_MISSING.not-there': without(POLICY),
  'APP_POLICY_MISSING.empty': policy(''),
  'APP_POLICY_MISSING.json': policy('{"policy": true}'),
  'APP_POLICY_MISSING.cut': policy('<?xml version="1.0"?>\n<xacml:Policy xmlns:xacml="x"><a/>'),
  'APP_POLICY_MISSING.two-roots': policy('<a></a><b></b>'),
  'APP_POLICY_MISSING.two-roots-closing-themselves': policy('<a/><b/>'),
  'APP_POLICY_MISSING.second-root-closing-itself': policy('<a></a><b/>'),
  'APP_POLICY_MISSING.no-root': policy('<?xml version="1.0"?>\n<!-- to do -->\n'),
  'APP_POLICY_MISSING.text-before-the-root': policy('Policy: <a/>'),
  'APP_POLICY_MISSING.text-behind-the-root': policy('<a/>done'),
  'APP_POLICY_MISSING.cdata-behind-the-root': policy('<a/><![CDATA[done]]>'),
  'APP_POLICY_MISSING.comment-without-end': policy('<a/><!-- to do'),
  'APP_POLICY_MISSING.entities-within-entities': policy(
    `<!DOCTYPE a [<!ENTITY a0 "ha">${Array.from({ length: 9 }, (_, i) => `<!ENTITY a${i + 1} "${`&a${i};`.repeat(10)}">`).join('')}]>\n<a>&a9;</a>\n`,
  ),
  'APP_POLICY_MISSING.entity-of-a-file': policy('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'),
  'APP_POLICY_MISSING.not-utf-8': policy(Buffer.from('<a>\xe5</a>', 'latin1')),
  'APP_TEXT_INVALID.nb': text('nb', '{,}'),
  'APP_TEXT_INVALID.nn': text('nn', ''),
  'APP_TEXT_INVALID.se-not-utf-8': text('se', Buffer.from('{"a": "\xe1"}', 'latin1')),
  'CHART_TEMPLATES_UNSUPPORTED.job': file(`${SOURCE_FOLDER}deployment/templates/job.yaml`, 'kind: Job\n'),
  'SUBMODULE_UNSUPPORTED.gitmodules': file(
    `${SOURCE_FOLDER}.gitmodules`,
    '[submodule "x"]\n\tpath = x\n\turl = https://example.org/x.git\n',
  ),
};
