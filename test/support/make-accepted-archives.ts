import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import JSZip from 'jszip';
import { makeArtifact, unpack } from './make-artifact.ts';

/**
 * Writes `test/accepted/`: one artifact as many programs pack it. `node --import tsx test/support/make-accepted-archives.ts`,
 * on a machine that has them (zip, python3, git, perl, java): the archives of those that are missing stay as they are.
 */
export const ACCEPTED_FOLDER = fileURLToPath(new URL('../accepted', import.meta.url));

const PLAIN = { 'App/logic/Application form.cs': '// Nothing here yet.\n' };
/** Names that programs write in their own ways. */
const BEYOND_ASCII = { 'App/logic/Søknad.cs': '// Ikke noe her ennå.\n', 'App/wwwroot/blåbær/日本.txt': 'x\n' };
const DATE = new Date(Date.UTC(2024, 0, 1, 12));

interface Workshop {
  /** Holds the artifact's files. */
  readonly tree: string;
  /** Their paths, the manifest first. */
  readonly paths: readonly string[];
  readonly files: ReadonlyMap<string, Buffer>;
}

/** Makes one archive at `to`. */
type Writer = (shop: Workshop, to: string) => Promise<unknown> | unknown;

const run = (shop: Workshop, program: string, ...args: string[]): Buffer =>
  execFileSync(program, args, {
    cwd: shop.tree,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      ...process.env,
      LC_ALL: 'C.UTF-8',
      TZ: 'UTC',
      JAVA_TOOL_OPTIONS: '-Dfile.encoding=UTF-8 -Dsun.jnu.encoding=UTF-8',
    },
  });

/** Info-ZIP: `zip`. */
const zip =
  (...options: string[]): Writer =>
  (shop, to) =>
    run(shop, 'zip', '-q', ...options, to, ...shop.paths);

/** Python's zipfile; `body` runs with an open archive `z`, the module, and the paths. */
const python =
  (open: string, body: string): Writer =>
  (shop, to) =>
    run(
      shop,
      'python3',
      '-c',
      `import sys, zipfile\nto, paths = sys.argv[1], sys.argv[2:]\nwith zipfile.ZipFile(to, 'w'${open}) as z:\n  for path in paths:\n    ${body}`,
      to,
      ...shop.paths,
    );

const jszip =
  (options: JSZip.JSZipGeneratorOptions<'nodebuffer'>): Writer =>
  async ({ files }, to) => {
    const archive = new JSZip();
    for (const [path, content] of files) archive.file(path, content, { date: DATE, createFolders: false });
    await writeFile(to, await archive.generateAsync({ ...options, type: 'nodebuffer' }));
  };

/** IO::Compress::Zip, which comes with perl. */
const perl =
  (options: string): Writer =>
  (shop, to) =>
    run(
      shop,
      'perl',
      '-MIO::Compress::Zip=:all',
      '-e',
      `my $to = shift; my @paths = @ARGV; zip [@paths] => $to, ${options}, Time => 1704110400 or die $ZipError`,
      to,
      ...shop.paths,
    );

/** A class of one file, run from its source (`java File.java`). */
const java =
  (body: string): Writer =>
  async (shop, to) => {
    const source = `${to}.java`;
    await writeFile(
      source,
      `import java.nio.file.*; import java.util.*; import java.util.zip.*; import java.net.URI;
class Pack { public static void main(String[] a) throws Exception { ${body} } }`,
    );
    run(shop, 'java', source, to, ...shop.paths);
    await rm(source);
  };

const javaStream = (prepare: string) => `
  try (var zip = new ZipOutputStream(Files.newOutputStream(Path.of(a[0])))) {
    for (int i = 1; i < a.length; i++) {
      byte[] content = Files.readAllBytes(Path.of(a[i]));
      var entry = new ZipEntry(a[i]);
      entry.setTimeLocal(java.time.LocalDateTime.of(2024, 1, 1, 12, 0));
      ${prepare}
      zip.putNextEntry(entry); zip.write(content); zip.closeEntry();
    }
  }`;
const JAVA_STORED = `var crc = new CRC32(); crc.update(content);
      entry.setMethod(ZipEntry.STORED); entry.setSize(content.length); entry.setCrc(crc.getValue());`;
const javaFileSystem = (options: string) => `
  try (var zip = FileSystems.newFileSystem(URI.create("jar:" + Path.of(a[0]).toUri()), Map.of("create", "true"${options}))) {
    for (int i = 1; i < a.length; i++) {
      Path to = zip.getPath(a[i]);
      if (to.getParent() != null) Files.createDirectories(to.getParent());
      Files.copy(Path.of(a[i]), to);
    }
  }`;

const WRITERS: Readonly<Record<string, Writer>> = {
  'info-zip': zip('-D'),
  'info-zip-without-extra-fields': zip('-X', '-D'),
  'info-zip-stored': zip('-X', '-D', '-0'),
  'info-zip-fastest': zip('-D', '-1'),
  'info-zip-best': zip('-D', '-9'),
  'info-zip-names-from-stdin': ({ tree, paths }, to) =>
    execFileSync('zip', ['-q', '-D', to, '-@'], {
      cwd: tree,
      input: paths.join('\n'),
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    }),
  'info-zip-with-folders': (shop, to) => run(shop, 'zip', '-q', '-r', to, 'artifact.json', 'deploy', 'source'),
  'info-zip-with-comment': ({ tree, paths }, to) =>
    execFileSync('zip', ['-q', '-D', '-z', to, ...paths], { cwd: tree, input: 'made by hand\n' }),
  'info-zip-zip64': zip('-D', '-fz'),
  'info-zip-streamed': (shop, to) => writeFile(to, run(shop, 'zip', '-q', '-D', '-', ...shop.paths)),
  'info-zip-bzip2': zip('-D', '-Z', 'bzip2'),
  'info-zip-encrypted': zip('-D', '-P', 'secret'),
  'python-stored': python('', 'z.write(path)'),
  'python-deflated': python(', zipfile.ZIP_DEFLATED', 'z.write(path)'),
  'python-deflated-best': python(', zipfile.ZIP_DEFLATED, compresslevel=9', 'z.write(path)'),
  'python-writestr': python(
    ', zipfile.ZIP_DEFLATED',
    "z.writestr(zipfile.ZipInfo(path), open(path, 'rb').read(), zipfile.ZIP_DEFLATED)",
  ),
  'python-writestr-as-dos': python(
    '',
    "i = zipfile.ZipInfo(path); i.create_system = 0; z.writestr(i, open(path, 'rb').read())",
  ),
  'python-writestr-as-ntfs': python(
    '',
    "i = zipfile.ZipInfo(path); i.create_system = 10; i.external_attr = 0x20; z.writestr(i, open(path, 'rb').read())",
  ),
  'python-open': python(
    ', zipfile.ZIP_DEFLATED',
    "with z.open(zipfile.ZipInfo(path), 'w') as f: f.write(open(path, 'rb').read())",
  ),
  'python-lzma': python(', zipfile.ZIP_LZMA', 'z.write(path)'),
  'python-zip64': python(
    ', zipfile.ZIP_STORED',
    "with z.open(zipfile.ZipInfo(path), 'w', force_zip64=True) as f: f.write(open(path, 'rb').read())",
  ),
  'python-make-archive': (shop, to) =>
    run(shop, 'python3', '-c', 'import shutil, sys; shutil.make_archive(sys.argv[1][:-4], "zip", ".")', to),
  'git-archive': (shop, to) => {
    const git = (...args: string[]) =>
      run(shop, 'git', '-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'commit.gpgsign=false', ...args);
    git('init', '-q');
    git('add', '.');
    git('commit', '-q', '-m', 'all', '--date', DATE.toISOString());
    git('archive', '--format=zip', '-o', to, 'HEAD');
    return rm(join(shop.tree, '.git'), { recursive: true });
  },
  'jszip-unix': jszip({ platform: 'UNIX', compression: 'DEFLATE' }),
  'jszip-dos': jszip({ platform: 'DOS', compression: 'DEFLATE' }),
  'jszip-stored': jszip({ compression: 'STORE' }),
  'jszip-best': jszip({ compression: 'DEFLATE', compressionOptions: { level: 9 } }),
  'jszip-streamed': jszip({ compression: 'DEFLATE', streamFiles: true }),
  'jszip-with-comment': jszip({ comment: 'made by hand' }),
  'perl-streamed': perl('Stream => 1'),
  'perl-deflated': perl('Stream => 0'),
  'perl-stored': perl('Stream => 0, Method => ZIP_CM_STORE'),
  'perl-minimal': perl('Stream => 0, Minimal => 1'),
  'jar-stored': (shop, to) => run(shop, 'jar', '-c', '-0', '-M', '-f', to, ...shop.paths),
  'jar-deflated': (shop, to) => run(shop, 'jar', '-c', '-M', '-f', to, ...shop.paths),
  'jar-with-its-own-manifest': (shop, to) => run(shop, 'jar', '-c', '-0', '-f', to, ...shop.paths),
  'java-stream-stored': java(javaStream(JAVA_STORED)),
  'java-stream-deflated': java(javaStream('')),
  'java-file-system': java(javaFileSystem('')),
  'java-file-system-stored': java(javaFileSystem(', "compressionMethod", "STORED"')),
};

const WRITERS_BEYOND_ASCII: Readonly<Record<string, Writer>> = {
  'info-zip-beyond-ascii': zip('-X', '-D'),
  'python-beyond-ascii': python(', zipfile.ZIP_DEFLATED', 'z.write(path)'),
  'jszip-beyond-ascii': jszip({ platform: 'UNIX', compression: 'DEFLATE' }),
  'perl-beyond-ascii': perl('Stream => 0'),
  'perl-beyond-ascii-as-utf-8': perl('Stream => 0, Efs => 1'),
  'jar-beyond-ascii': (shop, to) => run(shop, 'jar', '-c', '-0', '-M', '-f', to, ...shop.paths),
};

/** The program may be missing, or too old for what is asked: then there is nothing to write. */
async function writeArchive(shop: Workshop, name: string, writer: Writer, temporary: string): Promise<void> {
  const to = join(temporary, `${name}.zip`);
  try {
    await writer(shop, to);
  } catch (error) {
    process.stderr.write(`${name}: ${(error as Error).message.split('\n').slice(0, 3).join(' ')}\n`);
    return;
  }
  await writeFile(join(ACCEPTED_FOLDER, `${name}.zip`), await readFile(to));
}

async function makeAcceptedArchives(writers: Readonly<Record<string, Writer>>, repository: object): Promise<void> {
  const temporary = await mkdtemp(join(tmpdir(), 'accepted-'));
  const tree = join(temporary, 'tree');
  const files = await unpack(await makeArtifact({ repository: { ...repository } }));
  for (const [path, content] of files) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), content, { mode: 0o644 });
    await utimes(join(tree, path), DATE, DATE);
  }
  const shop: Workshop = { tree, files, paths: [...files.keys()] };
  for (const [name, writer] of Object.entries(writers)) await writeArchive(shop, name, writer, temporary);
  await rm(temporary, { recursive: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await mkdir(ACCEPTED_FOLDER, { recursive: true });
  await makeAcceptedArchives(WRITERS, PLAIN);
  await makeAcceptedArchives(WRITERS_BEYOND_ASCII, BEYOND_ASCII);
}
