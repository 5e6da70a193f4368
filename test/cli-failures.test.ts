import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { makeFixtures } from '../fixtures/make-fixtures.mjs';
import { leftIn } from './command/leftovers.ts';
import { fixtureModel, madeFixture, runCommand, talk, transcribeWords, type CommandOptions, type CommandResult } from './command/run-command.ts';

// A machine that is busy with other things is slow, not wrong.
vi.setConfig({ testTimeout: 120_000 });

const folder = mkdtempSync(join(tmpdir(), 'media-jobs-failures-'));
const isRoot = process.getuid?.() === 0;
/** Root reads everything; without these rights it is a user like any other, in whatever folder the clone lies. */
const withoutRootRights = isRoot ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search,-fowner', '--inh-caps=-all', '--ambient-caps=-all', '--'] : [];
const disk = join(folder, 'small-disk');

beforeAll(async () => {
  await makeFixtures();
  writeFileSync(join(folder, 'secret.mp4'), 'secret');
  chmodSync(join(folder, 'secret.mp4'), 0);
  spawnSync('mkfifo', [join(folder, 'pipe.mp4')]);
  symlinkSync(join(folder, 'gone.mp4'), join(folder, 'dangling.mp4'));
  copyFileSync(talk, join(folder, 'no-model.bin'));
  copyFileSync(fixtureModel, join(folder, 'cut-model.bin'));
  chmodSync(join(folder, 'cut-model.bin'), 0o600);
  truncateSync(join(folder, 'cut-model.bin'), 5_000_000);
});
afterAll(() => {
  if (existsSync(disk)) spawnSync('umount', [disk]);
  rmSync(folder, { recursive: true, force: true });
});

interface Failure {
  readonly title: string;
  readonly code: string;
  readonly named: string;
  readonly file?: string;
  readonly words?: readonly string[];
  readonly exitCode?: number;
  readonly options?: CommandOptions;
}

const failures: readonly Failure[] = [
  { title: 'a missing file', file: join(folder, 'nowhere.mp4'), code: 'INPUT_MISSING', named: 'nowhere.mp4' },
  { title: 'a link that leads nowhere', file: join(folder, 'dangling.mp4'), code: 'INPUT_MISSING', named: 'dangling.mp4' },
  { title: 'a missing file with a line break and a terminal code in its name', file: join(folder, 'no\nwhere\u001b[2J.mp4'), code: 'INPUT_MISSING', named: 'where' },
  { title: 'a folder', file: folder, code: 'INPUT_NOT_FILE', named: 'folder' },
  { title: 'a pipe', file: join(folder, 'pipe.mp4'), code: 'INPUT_NOT_FILE', named: 'pipe' },
  { title: 'an unreadable file', file: join(folder, 'secret.mp4'), code: 'INPUT_UNREADABLE', named: 'secret.mp4', options: { prefix: withoutRootRights } },
  { title: 'a file without a byte', file: madeFixture('empty.mp4'), code: 'INPUT_EMPTY', named: 'empty.mp4' },
  { title: 'a file of zero bytes', file: madeFixture('zeros.mp4'), code: 'INPUT_ALL_ZERO', named: 'zeros.mp4' },
  { title: 'a text that is called a film', file: madeFixture('text.mp4'), code: 'UNSUPPORTED_FORMAT', named: 'text.mp4' },
  { title: 'a film without sound', file: madeFixture('no-audio.mp4'), code: 'NO_AUDIO', named: 'no-audio.mp4' },
  { title: 'a film that is cut off', file: madeFixture('cut-off.mp4'), code: 'TRUNCATED', named: 'cut-off.mp4' },
  { title: 'a damaged film', file: madeFixture('corrupt.mp4'), code: 'CORRUPT', named: 'corrupt.mp4' },
  { title: 'a file above the limit', code: 'INPUT_TOO_LARGE', named: 'talk.mp4', options: { environment: { MAX_AUDIO_SIZE_MB: '0.1' } } },
  { title: 'a missing model', words: ['--model', join(folder, 'nowhere.bin')], code: 'MODEL_MISSING', named: 'nowhere.bin' },
  { title: 'a model that is none', words: ['--model', join(folder, 'no-model.bin')], code: 'MODEL_INVALID', named: '' },
  { title: 'a model that is cut off', words: ['--model', join(folder, 'cut-model.bin')], code: 'MODEL_INVALID', named: '' },
  { title: 'an ffmpeg that is not there', code: 'PROGRAM_NOT_FOUND', named: 'ffmpeg', options: { environment: { FFMPEG_PATH: '/nonexistent/ffmpeg', PATH: '/nonexistent' } } },
  { title: 'an output in a folder that is not there', words: ['--output', join(folder, 'nowhere', 'x.txt')], code: 'OUTPUT_UNWRITABLE', named: 'nowhere' },
  { title: 'an output that is a folder', words: ['--output', folder], code: 'OUTPUT_UNWRITABLE', named: 'a folder' },
  { title: 'an output that is the input', words: ['--output', talk], code: 'INPUT_IS_OUTPUT', named: 'talk.mp4' },
];

/** What the command says without and with --verbose; the work folders are its own. */
async function failWith({ file = talk, words = [], options = {} }: Failure): Promise<{ plain: CommandResult; verbose: CommandResult; left: string[] }> {
  const [one, other] = [mkdtempSync(join(folder, 'work-')), mkdtempSync(join(folder, 'work-'))];
  const [plain, verbose] = await Promise.all([
    runCommand(transcribeWords(file, one, ...words), options),
    runCommand(transcribeWords(file, other, '--verbose', ...words), options),
  ]);
  return { plain, verbose, left: [...leftIn(one), ...leftIn(other)] };
}

test.each(failures)('$title: an error of its own in two lines, and nothing is left', async (failure) => {
  const { plain, verbose, left } = await failWith(failure);
  expect(plain.exitCode).toBe(failure.exitCode ?? 1);
  expect(plain.stdout).toBe('');
  expect(plain.stderr).toMatch(/^media-jobs: [^\n]+\n {2}[^\n]+\n$/);
  expect(plain.stderr).not.toContain('\u001b');
  expect(plain.stderr).toContain(failure.named);
  expect(verbose.stderr).toContain(`code: ${failure.code} `);
  expect(left).toEqual([]);
});

test('a full disk is an error of its own, and nothing is left', async (context) => {
  if (!isRoot) context.skip('needs root: mounts a small disk');
  mkdirSync(disk);
  expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]).status).toBe(0);
  const result = await runCommand(transcribeWords(talk, join(disk, 'work')));
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toMatch(/^media-jobs: [^\n]*free[^\n]*\n {2}[^\n]+\n$/);
  expect(leftIn(join(disk, 'work'))).toEqual([]);
});

test('a disk without a free byte is an error too', async (context) => {
  if (!isRoot) context.skip('needs root: mounts a small disk');
  writeFileSync(join(disk, 'filler'), '');
  spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'filler')}`, 'bs=64k', 'status=none']);
  const result = await runCommand(transcribeWords(talk, join(disk, 'other')));
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toMatch(/^media-jobs: [^\n]+\n {2}[^\n]+\n$/);
  expect(leftIn(join(disk, 'other'))).toEqual([]);
});

test('a work folder of somebody else is refused', async (context) => {
  if (!isRoot) context.skip('needs root: gives a folder away');
  const foreign = join(folder, 'foreign');
  mkdirSync(foreign, { mode: 0o777 });
  chownSync(foreign, 65534, 65534);
  const result = await runCommand(transcribeWords(talk, foreign, '--verbose'));
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toContain('code: WORK_FOLDER_UNSAFE');
});

test('an output is written whole or not at all, and one that cannot be written leaves the older file', async (context) => {
  if (!isRoot) context.skip('needs root: mounts a small disk');
  const target = join(disk, 'talk.txt');
  rmSync(join(disk, 'filler'));
  writeFileSync(target, 'older');
  spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'filler')}`, 'bs=4k', 'status=none']);
  const result = await runCommand(transcribeWords(talk, join(folder, 'work-output'), '--output', target));
  expect(result.exitCode).toBe(1);
  expect(spawnSync('ls', ['-A', disk], { encoding: 'utf8' }).stdout.split('\n').filter((name) => !['', 'filler', 'work', 'other'].includes(name))).toEqual(['talk.txt']);
});
