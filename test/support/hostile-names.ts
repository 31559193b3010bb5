import type { RawEntry } from '../zip/write-zip.ts';
import { file, type Hostile, type HostileFamily, more } from './hostile-alterations.ts';

/** A name as bytes, since text could not hold it. The flag says UTF-8. */
const bytesNamed = (...name: (string | number[])[]): Hostile =>
  more(
    withUtf8Flag({
      name: Buffer.concat(name.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part)))),
      content: 'x',
    }),
  );

const withUtf8Flag = (entry: RawEntry): RawEntry => ({ ...entry, both: { flags: 0x0800 } });

/** Zip slip, in every spelling that some system takes for a way out. */
const SLIPS: HostileFamily = {
  'FILE_NAME_UNSAFE.dot-dot': file('source/../../etc/cron.d/x'),
  'FILE_NAME_UNSAFE.dot-dot-first': file('../x'),
  'FILE_NAME_UNSAFE.dot-dot-alone': file('..'),
  'FILE_NAME_UNSAFE.dot-dot-last': file('source/x/..'),
  'FILE_NAME_UNSAFE.dot-dot-back-again': file('source/../deploy/values.yaml'),
  'FILE_NAME_UNSAFE.dot-dot-folder': more({ name: '../../', content: '' }),
  'FILE_NAME_UNSAFE.dot-dot-space': file('source/.. /x'),
  'FILE_NAME_UNSAFE.space-alone': file('source/ /x'),
  'FILE_NAME_UNSAFE.dot': file('source/./x'),
  'FILE_NAME_UNSAFE.dot-first': file('./artifact.json'),
  'FILE_NAME_UNSAFE.segment-empty': file('source//x'),
  'FILE_NAME_UNSAFE.name-empty': bytesNamed(''),
  'FILE_NAME_UNSAFE.absolute': file('/etc/cron.d/x'),
  'FILE_NAME_UNSAFE.backslash': file('source\\..\\x'),
  'FILE_NAME_UNSAFE.backslash-dot-dot': file('..\\..\\x'),
  'FILE_NAME_UNSAFE.backslash-and-slash': file('source/..\\../x'),
  'FILE_NAME_UNSAFE.drive': file('C:\\Windows\\x'),
  'FILE_NAME_UNSAFE.drive-with-slash': file('C:/Windows/x'),
  'FILE_NAME_UNSAFE.drive-relative': file('C:x'),
  'FILE_NAME_UNSAFE.unc': file('\\\\server\\share\\x'),
  'FILE_NAME_UNSAFE.unc-with-slashes': file('//server/share/x'),
  'FILE_NAME_UNSAFE.alternate-stream': file('source/x.txt:hidden'),
  'FILE_NAME_UNSAFE.overlong-dots': bytesNamed('source/', [0xc0, 0xae, 0xc0, 0xae], '/x'),
  'FILE_NAME_UNSAFE.overlong-slash': bytesNamed('source/..', [0xc0, 0xaf], 'x'),
  'KIND_NOT_ALLOWED.percent-encoded-dot-dot': file('deploy/%2e%2e%2fx'),
  'KIND_NOT_ALLOWED.fullwidth-dot-dot': file('deploy/．．／x'),
};

/** Characters that no name may have. */
const CHARACTERS: HostileFamily = {
  'FILE_NAME_UNSAFE.nul': file('source/x.txt\0.exe'),
  'FILE_NAME_UNSAFE.nul-behind-dot-dot': file('source/..\0/x'),
  'FILE_NAME_UNSAFE.line-break': file('source/a\nb'),
  'FILE_NAME_UNSAFE.escape-sequence': file('source/\x1b[2Jx'),
  'FILE_NAME_UNSAFE.delete': file('source/a\x7fb'),
  'FILE_NAME_UNSAFE.c1-control': file('source/a\x85b'),
  'FILE_NAME_UNSAFE.not-utf-8': bytesNamed('source/caf', [0xe9]),
  'FILE_NAME_UNSAFE.half-a-surrogate-pair': bytesNamed('source/', [0xed, 0xa0, 0x80]),
  'FILE_NAME_UNSAFE.segment-of-256-bytes': file(`source/${'a'.repeat(256)}`),
  'FILE_NAME_UNSAFE.segment-of-128-characters-in-256-bytes': file(`source/${'å'.repeat(128)}`),
  'FILE_NAME_UNSAFE.path-over-1024-bytes': file(`source/${`${'a'.repeat(100)}/`.repeat(10)}${'b'.repeat(10)}`),
  'ZIP_STRUCTURE.name-not-ascii-without-the-flag': more({ name: 'source/søknad', content: 'x', both: { flags: 0 } }),
  'ZIP_STRUCTURE.name-in-code-page-437': more({
    name: Buffer.from([...Buffer.from('source/s'), 0x9b, ...Buffer.from('knad')]),
    content: 'x',
    both: { flags: 0 },
  }),
};

/** Names in what is deployed that some systems can't hold. */
const UNPORTABLE: HostileFamily = {
  'FILE_NAME_UNSAFE.dot-at-the-end-in-deploy': file('deploy/values.yaml.'),
  'FILE_NAME_UNSAFE.space-at-the-end-in-deploy': file('deploy/values.yaml '),
  'FILE_NAME_UNSAFE.folder-with-space-at-the-end-in-deploy': file('deploy /values.yaml'),
  'FILE_NAME_UNSAFE.three-dots-in-deploy': file('deploy/.../x'),
  'FILE_NAME_UNSAFE.device-and-space-in-deploy': file('deploy/NUL .yaml'),
  'FILE_NAME_UNSAFE.device-in-deploy': file('deploy/NUL.yaml'),
  'FILE_NAME_UNSAFE.device-as-folder-in-deploy': file('deploy/aux/x.yaml'),
  'FILE_NAME_UNSAFE.device-com1-in-deploy': file('deploy/Com1.tar.gz'),
  'FILE_NAME_UNSAFE.device-superscript-in-deploy': file('deploy/lpt².yaml'),
  'FILE_NAME_UNSAFE.device-console-in-deploy': file('deploy/CONIN$'),
  'FILE_NAME_UNSAFE.decomposed-in-deploy': file('deploy/a\u030a.yaml'),
};

/** Two names that are one somewhere. */
const COLLISIONS: HostileFamily = {
  'FILE_NAME_COLLISION.letter-case': file('deploy/Values.yaml'),
  'FILE_NAME_COLLISION.letter-case-of-folder': file('Deploy/values.yaml'),
  'FILE_NAME_COLLISION.letter-case-of-manifest': file('Artifact.JSON'),
  'FILE_NAME_COLLISION.letter-case-beyond-ascii': {
    entries: { 'deploy/søknad.yaml': 'x', 'deploy/SØKNAD.yaml': 'x' },
  },
  'FILE_NAME_COLLISION.kelvin-sign': { entries: { 'deploy/k.yaml': 'x', 'deploy/\u212a.yaml': 'x' } },
  'FILE_NAME_COLLISION.sharp-s': { entries: { 'deploy/strasse.yaml': 'x', 'deploy/STRAßE.yaml': 'x' } },
  'FILE_NAME_COLLISION.final-sigma': { entries: { 'deploy/ς.yaml': 'x', 'deploy/σ.yaml': 'x' } },
  'FILE_NAME_COLLISION.file-and-folder-in-another-case': file('deploy/Values.yaml/x'),
  'FILE_NAME_COLLISION.ligature': { entries: { 'deploy/file.yaml': 'x', 'deploy/ﬁle.yaml': 'x' } },
  'FILE_NAME_COLLISION.fullwidth': file('deploy/ｖalues.yaml'),
  'FILE_NAME_COLLISION.composed-and-decomposed': {
    entries: { 'deploy/\u00e5.yaml': 'x', 'deploy/a\u030a.yaml': 'x' },
  },
  'FILE_NAME_COLLISION.file-and-folder': file('source/App'),
  'FILE_NAME_COLLISION.file-and-folder-in-deploy': file('deploy/values.yaml/x'),
};

export const HOSTILE_NAMES: HostileFamily = { ...SLIPS, ...CHARACTERS, ...UNPORTABLE, ...COLLISIONS };
