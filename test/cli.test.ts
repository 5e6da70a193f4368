import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { makeFixtures } from '../fixtures/make-fixtures.mjs';
import { leftBesidesResults, leftIn } from './command/leftovers.ts';
import { commandLine, fixtureModel, madeFixture, runCommand, startCommand, talk, transcribeWords, type CommandResult } from './command/run-command.ts';

// A machine that is busy with other things is slow, not wrong.
vi.setConfig({ testTimeout: 120_000 });

const { words } = (JSON.parse(readFileSync(new URL('../fixtures/expected.json', import.meta.url), 'utf8')) as { 'talk.mp4': { words: string[] } })['talk.mp4'];
const folder = mkdtempSync(join(tmpdir(), 'media-jobs-cli-'));
/** Holds the transcript of the fixture film from the first test on. */
const shared = join(folder, 'shared');
const wordsOf = (text: string): string[] => text.trim().split(/\s+/);

beforeAll(() => makeFixtures());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Two lines on stderr, none on stdout. */
function expectTwoLines({ stdout, stderr }: CommandResult): void {
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^media-jobs: [^\n]+\n {2}[^\n]+\n$/);
}

test('the transcript of the fixture film is what is spoken in it, on stdout and nothing else anywhere', async () => {
  const { stdout, stderr, exitCode } = await runCommand(transcribeWords(talk, shared));
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(wordsOf(stdout)).toEqual(words);
  expect(leftBesidesResults(shared)).toEqual([]);
});

test('the same content is answered from the cache, whatever the file is called', async () => {
  const other = join(folder, 'other name.mov');
  copyFileSync(talk, other);
  const { stdout, exitCode } = await runCommand(transcribeWords(other, shared, '--format', 'json'));
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ cached: true });
});

test('json holds the whole answer, with files that are there and the proof that the engine is gone', async () => {
  const { stdout } = await runCommand(transcribeWords(talk, shared, '--format', 'json'));
  const answer = JSON.parse(stdout) as { files: Record<string, string>; segments: { start: number; end: number; text: string }[] };
  expect(answer).toMatchObject({
    jobId: expect.stringMatching(/^mj_[a-z2-7]{26}$/) as string,
    text: words.join(' '),
    language: 'en',
    durationSeconds: expect.closeTo(8.45, 1) as number,
    timings: { prepareMs: expect.any(Number) as number, transcribeMs: expect.any(Number) as number },
    release: { pid: expect.any(Number) as number, proof: 'process-gone' },
  });
  expect(answer.segments.map(({ text }) => text)).toEqual(['hello world media job done', 'start video']);
  expect(answer.segments[1]?.start).toBeCloseTo(6.1, 0);
  expect(Object.keys(answer.files).sort()).toEqual(['transcript.json', 'transcript.srt', 'transcript.txt', 'transcript.vtt', 'waveform.png']);
  for (const file of Object.values(answer.files)) expect(existsSync(file)).toBe(true);
  expect(readFileSync(answer.files['waveform.png'] ?? '').subarray(1, 4).toString()).toBe('PNG');
});

test.each([
  ['txt', /^hello world media job done\nstart video\n$/],
  ['srt', /^1\n00:00:00,\d{3} --> 00:00:0\d,\d{3}\nhello world media job done\n\n2\n/],
  ['vtt', /^WEBVTT\n\n(?:1\n)?00:00:00\.\d{3} --> 00:00:0\d\.\d{3}\nhello world media job done\n/],
])('%s is written as its readers expect', async (format, expected) => {
  const { stdout } = await runCommand(transcribeWords(talk, shared, '--format', format));
  expect(stdout).toMatch(expected);
});

test('--output writes a whole file beside which nothing is left, and stdout stays empty', async () => {
  const target = join(folder, 'out', 'talk.srt');
  mkdirSync(join(folder, 'out'));
  writeFileSync(target, 'an older one');
  const { stdout, stderr, exitCode } = await runCommand(transcribeWords(talk, shared, '--format', 'srt', '--output', target));
  expect({ stdout, stderr, exitCode }).toEqual({ stdout: '', stderr: '', exitCode: 0 });
  expect(readFileSync(target, 'utf8')).toContain('-->');
  expect(readdirSync(join(folder, 'out'))).toEqual(['talk.srt']);
});

test('--no-cache transcribes again and keeps one result', async () => {
  const { stdout, exitCode } = await runCommand(transcribeWords(talk, shared, '--no-cache', '--format', 'json'));
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ cached: false, text: words.join(' ') });
  expect(leftIn(shared)).toHaveLength(5);
});

test('a reader that goes away early is no error', async () => {
  const { child, ended } = startCommand(transcribeWords(talk, shared));
  child.stdout?.destroy();
  expect(await ended).toMatchObject({ exitCode: 0, stderr: '' });
});

test('silence has an empty transcript, and says why in json', async () => {
  const { stdout, exitCode } = await runCommand(transcribeWords(madeFixture('silence.wav'), shared, '--format', 'json'));
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ text: '', segments: [], release: null, warnings: expect.arrayContaining([expect.stringContaining('silent')]) as string[] });
});

test.each([
  'with space.mp4', `quotes'and".mp4`, 'line\nbreak.mp4', '-leading-dash.mp4', '--output', '$(touch x).mp4', '`touch x`.mp4', '%03d.mp4', 'ünïcödé 😀.mp4',
  'pipe|in.mp4', 'concat:a.mp4', 'file:b.mp4', 'http:c.mp4', '*.mp4', 'back\\slash.mp4', '.hidden', `${'long'.repeat(62)}.mp4`,
])('a file called %j is a file like any other', async (name) => {
  const place = mkdtempSync(join(folder, 'names-'));
  copyFileSync(talk, join(place, name));
  const { stdout, stderr, exitCode } = await runCommand(transcribeWords(name, shared), { cwd: place });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(wordsOf(stdout)).toEqual(words);
  expect(readdirSync(place)).toEqual([name]);
});

test('no name reaches a program: one with every trap in it is transcribed anew', async () => {
  const place = mkdtempSync(join(folder, 'names-'));
  const name = '-i %03d "$(touch x)" \'\n concat:a|b.mp4';
  copyFileSync(talk, join(place, name));
  const { stdout, stderr, exitCode } = await runCommand(transcribeWords(name, shared, '--no-cache'), { cwd: place });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(wordsOf(stdout)).toEqual(words);
  expect(readdirSync(place)).toEqual([name]);
});

test('on a terminal the phase, the share and the time are shown on stderr, and erased at the end', (context) => {
  if (process.platform !== 'linux') context.skip('needs Linux: its program `script` gives a terminal');
  const line = commandLine(transcribeWords(talk, shared, '--no-cache')).map((word) => `'${word}'`).join(' ');
  const { stdout, status } = spawnSync('script', ['-qec', `${line} >/dev/null`, '/dev/null'], { encoding: 'utf8' });
  expect(status).toBe(0);
  expect(stdout).toMatch(/prepare +\[[#-]{30}\] +\d+ % +\d:\d\d/);
  expect(stdout).toMatch(/transcribe +\[#+-*\] +\d+ % +\d:\d\d/);
  expect(stdout.endsWith('\r\u001b[K')).toBe(true);
});

test.each([
  ['no command at all', [], 'Usage: media-jobs'],
  ['an unknown command', ['transcript'], '"transcript"'],
  ['no file', ['transcribe', '--model', fixtureModel], 'got none'],
  ['an unknown option', ['transcribe', '--fast', talk], '--fast'],
  ['an unknown format', ['transcribe', '--model', fixtureModel, '--format', 'doc', talk], '"doc"'],
  ['an unknown language', ['transcribe', '--model', fixtureModel, '--work-folder', shared, '--language', 'klingon', talk], 'klingon'],
  ['a language that the model does not know', ['transcribe', '--model', fixtureModel, '--work-folder', shared, '--language', 'de', talk], 'de'],
  ['no model', ['transcribe', talk], 'MEDIA_JOBS_MODEL'],
])('%s is wrong usage: exit code 2, and the error says what was wrong', async (_, line, named) => {
  const { exitCode, stdout, stderr } = await runCommand(line);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toContain(named);
});

test('a malformed variable is wrong usage and is named', async () => {
  const result = await runCommand(transcribeWords(talk, shared), { environment: { CACHE_TTL_HOURS: 'soon' } });
  expect(result.exitCode).toBe(2);
  expect(result.stderr).toContain('CACHE_TTL_HOURS');
  expectTwoLines(result);
});

test.each([[['--help']], [['help']], [['help', 'transcribe']], [['transcribe', '--help']], [['doctor', '-h']]])('%j prints help on stdout', async (line) => {
  const { exitCode, stdout, stderr } = await runCommand(line);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toMatch(/^Usage: media-jobs [\s\S]+--work-folder DIR[\s\S]+Exit codes/);
});

test('--version prints the version of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../packages/cli/package.json', import.meta.url), 'utf8')) as { version: string };
  expect(await runCommand(['--version'])).toMatchObject({ exitCode: 0, stdout: `${version}\n` });
});

test('doctor finds everything that a transcription needs', async () => {
  const { exitCode, stdout } = await runCommand(['doctor', '--json', '--model', fixtureModel, '--work-folder', shared]);
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: { name: string; state: string }[] };
  expect({ exitCode, ok }).toEqual({ exitCode: 0, ok: true });
  // Whether whisper-cli is there differs between machines.
  expect(checks.map(({ name }) => name).filter((name) => name !== 'faster engine')).toEqual(['node', 'ffmpeg', 'ffprobe', 'engine', 'model', 'disk', 'work folder']);
});

test('doctor says what is missing and what to do, and ends with 1', async () => {
  const { exitCode, stdout } = await runCommand(['doctor', '--model', 'nowhere.bin', '--work-folder', shared], { environment: { PATH: '/nonexistent', FFMPEG_PATH: '/nonexistent/ffmpeg' } });
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/^missing +ffmpeg .*\n +\S.*\n/m);
  expect(stdout).toMatch(/^missing +model .*nowhere\.bin.*\n +Give the name/m);
});
