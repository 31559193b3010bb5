import { inputsDigest, MANIFEST_FILE, type Manifest } from '../../src/model/artifact.ts';
import type { RawEntry } from '../zip/write-zip.ts';
import { file, type Hostile, type HostileFamily, manifest, manifestText } from './hostile-alterations.ts';

const first = (entries: RawEntry[]): RawEntry => entries[0] as RawEntry;
const set = (change: object): Hostile => manifest((same) => ({ ...same, ...change }));
const files = (change: (list: Manifest['files']) => unknown): Hostile =>
  manifest((same) => ({ ...same, files: change(same.files) }));
/** The digest over the inputs made to fit again, so that only the input itself is wrong. */
const inputs = (change: Partial<Manifest['inputs']>): Hostile =>
  manifest((same) => {
    const changed = { ...same, inputs: { ...same.inputs, ...change } };
    return { ...changed, inputsDigest: inputsDigest(changed) };
  });
const source = (change: object): Hostile =>
  manifest((same) => {
    const changed = { ...same, source: { ...same.source, ...change } };
    return { ...changed, inputsDigest: inputsDigest(changed) };
  });
const replaced = (from: string | RegExp, to: string): Hostile =>
  manifestText((text) => {
    const next = text.replace(from, () => to);
    if (next === text) throw new Error(`'${from}' is not in the manifest`);
    return next;
  });
const withoutField = (field: keyof Manifest): Hostile =>
  manifest((same) => Object.fromEntries(Object.entries(same).filter(([name]) => name !== field)));

const NO_DIGEST = '0'.repeat(64);

const MISSING: HostileFamily = {
  'MANIFEST_MISSING.not-there': manifestText(() => undefined),
  'MANIFEST_MISSING.only-end-record': { raw: () => [] },
  'MANIFEST_MISSING.not-first': { raw: (entries) => [...entries.slice(1), first(entries)] },
  'MANIFEST_MISSING.second': {
    raw: ([manifestEntry, next, ...rest]) => [next, manifestEntry, ...rest] as RawEntry[],
  },
  'MANIFEST_MISSING.in-upper-case': {
    raw: (entries) => [{ ...first(entries), name: MANIFEST_FILE.toUpperCase() }, ...entries.slice(1)],
  },
  'MANIFEST_MISSING.all-below-one-folder': {
    raw: (entries) => entries.map((entry) => ({ ...entry, name: `small-app/${entry.name}` })),
  },
};

/** Text that is no JSON, or that parsers read differently. */
const TEXTS: HostileFamily = {
  'YAML_INVALID.manifest-cut': manifestText((text) => text.slice(0, -20)),
  'YAML_INVALID.manifest-in-yaml': manifestText(() => 'schemaVersion: 1\nkind: altinn-app\n'),
  'YAML_INVALID.manifest-with-comment': replaced('{', '{ // the manifest\n'),
  'YAML_INVALID.manifest-with-byte-order-mark': manifestText((text) => `\ufeff${text}`),
  'YAML_INVALID.manifest-not-utf-8': manifestText((text) => Buffer.from(text.replace('"7"', '"\xe5"'), 'latin1')),
  'YAML_INVALID.manifest-with-raw-control-character': replaced('"7"', '"7\x01"'),
  'YAML_UNSAFE.manifest-with-key-twice': replaced('"org": "ttd"', '"org": "nav", "org": "ttd"'),
  'YAML_UNSAFE.manifest-with-key-twice-escaped': replaced('"org": "ttd"', '"org": "ttd", "\\u006frg": "ttd"'),
  'YAML_UNSAFE.manifest-nested': manifestText(() => '['.repeat(100_000)),
  'YAML_UNSAFE.manifest-nested-and-closed': manifestText(() => `${'{"a":'.repeat(65)}1${'}'.repeat(65)}`),
};

/** Not of the documented form. */
const FORMS: HostileFamily = {
  'MANIFEST_INVALID.list': manifest(() => []),
  'MANIFEST_INVALID.unknown-field': set({ sequence: 99 }),
  'MANIFEST_INVALID.unknown-field-within': source({ branch: 'master' }),
  'MANIFEST_INVALID.unknown-field-of-a-file': files((list) => list.map((one) => ({ ...one, mode: '0755' }))),
  'MANIFEST_INVALID.prototype-field': replaced('{', '{"__proto__": {"org": "nav"}, '),
  'MANIFEST_INVALID.schema-version-2': set({ schemaVersion: 2 }),
  'MANIFEST_INVALID.schema-version-as-text': set({ schemaVersion: '1' }),
  'MANIFEST_INVALID.other-kind': set({ kind: 'altinn-resource' }),
  'MANIFEST_INVALID.no-org': withoutField('org'),
  'MANIFEST_INVALID.no-files': withoutField('files'),
  'MANIFEST_INVALID.org-null': set({ org: null }),
  'MANIFEST_INVALID.app-of-another-type': set({ app: ['small-app'] }),
  'MANIFEST_INVALID.id-in-upper-case': manifest((same) => ({ ...same, deploymentId: same.deploymentId.toUpperCase() })),
  'MANIFEST_INVALID.tag-with-slash': set({ tagName: '7/../8' }),
  'MANIFEST_INVALID.tag-with-nul': set({ tagName: '7\0' }),
  'MANIFEST_INVALID.commit-short': source({ commit: 'c0ffee' }),
  'MANIFEST_INVALID.digest-in-upper-case': manifest((same) => ({
    ...same,
    deployDigest: same.deployDigest.toUpperCase(),
  })),
  'MANIFEST_INVALID.files-as-map': files((list) => Object.fromEntries(list.map(({ path, ...rest }) => [path, rest]))),
  'MANIFEST_INVALID.size-as-text': files((list) => list.map((one) => ({ ...one, size: String(one.size) }))),
  'MANIFEST_INVALID.size-negative': files((list) => list.map((one) => ({ ...one, size: -1 }))),
  'MANIFEST_INVALID.size-not-whole': files((list) => list.map((one) => ({ ...one, size: 0.5 }))),
  'MANIFEST_INVALID.size-beyond-2-to-the-53': replaced(/"size": \d+/, '"size": 9007199254740993'),
  'MANIFEST_INVALID.size-beyond-all-numbers': replaced(/"size": \d+/, '"size": 1e999'),
};

/** Well-formed, and not true. */
const LIES: HostileFamily = {
  'MANIFEST_MISMATCH.other-org': set({ org: 'nav' }),
  'MANIFEST_MISMATCH.other-app': set({ app: 'other-app' }),
  'MANIFEST_MISMATCH.other-environment': set({ environment: 'production' }),
  'MANIFEST_MISMATCH.other-id': set({ deploymentId: '11111111-d9cb-469f-a165-70867728950e' }),
  'MANIFEST_MISMATCH.other-repository': source({ repository: 'nav/small-app' }),
  'MANIFEST_MISMATCH.unlisted-file': files((list) => list.slice(1)),
  'MANIFEST_MISMATCH.listed-file-missing': files((list) => [...list, { path: 'source/x', size: 0, sha256: NO_DIGEST }]),
  'MANIFEST_MISMATCH.manifest-listed': files((list) => [{ path: MANIFEST_FILE, size: 0, sha256: NO_DIGEST }, ...list]),
  'MANIFEST_MISMATCH.file-listed-twice': files((list) => [...list, ...list.slice(0, 1)]),
  'MANIFEST_MISMATCH.file-listed-twice-other-digest': files((list) => [
    ...list.slice(0, 1).map((one) => ({ ...one, sha256: NO_DIGEST })),
    ...list,
  ]),
  'MANIFEST_MISMATCH.file-listed-under-another-name': files((list) =>
    list.map((one) => ({ ...one, path: one.path.replace('resource.nb', 'resource.NB') })),
  ),
  'MANIFEST_MISMATCH.file-of-another-size': files((list) => list.map((one) => ({ ...one, size: one.size + 1 }))),
  'MANIFEST_MISMATCH.file-of-another-digest': files((list) => list.map((one) => ({ ...one, sha256: NO_DIGEST }))),
  'MANIFEST_MISMATCH.deploy-digest': set({ deployDigest: NO_DIGEST }),
  'MANIFEST_MISMATCH.inputs-digest': set({ inputsDigest: NO_DIGEST }),
  'MANIFEST_MISMATCH.source-tree': inputs({ sourceTree: NO_DIGEST }),
  'MANIFEST_MISMATCH.values-file-said-to-be-none': inputs({ valuesFile: null }),
  'MANIFEST_MISMATCH.file-beside': file('readme.txt'),
  'MANIFEST_MISMATCH.folder-with-a-similar-name': file('sources/x'),
};

export const HOSTILE_MANIFESTS: HostileFamily = { ...MISSING, ...TEXTS, ...FORMS, ...LIES };
