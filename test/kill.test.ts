import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { makeFixtures } from '../fixtures/make-fixtures.mjs';
import { leftBesidesResults, leftIn, processesOf, untilEmpty } from './command/leftovers.ts';
import { madeFixture, runCommand, startCommand, talk, transcribeWords, type CommandOptions, type CommandResult, type RunningCommand } from './command/run-command.ts';

const { words } = (JSON.parse(readFileSync(new URL('../fixtures/expected.json', import.meta.url), 'utf8')) as { 'talk.mp4': { words: string[] } })['talk.mp4'];
// A machine that is busy with other things is slow, not wrong.
vi.setConfig({ testTimeout: 120_000 });

const folder = mkdtempSync(join(tmpdir(), 'media-jobs-kill-'));
const started: number[] = [];

/** What the log says when the command is in a phase: from the first look at the work folder to the last write of the job. */
const phases = [
  ['opening the work folder', 'Media jobs are open'],
  ['reading the file', 'Phase read'],
  ['in line', 'The job is in line'],
  ['preparing the speech', 'Phase prepare'],
  ['decoding', 'Time limit of decoding'],
  ['starting the engine', 'Phase transcribe'],
  ['transcribing', 'compute buffer (decode)'],
  ['committing', 'engine released'],
] as const;

beforeAll(() => makeFixtures());
afterAll(async () => {
  expect(await untilEmpty(() => started.flatMap(processesOf))).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

function start(file: string, workFolder: string, options?: CommandOptions): RunningCommand & { readonly pid: number } {
  const command = startCommand(transcribeWords(file, workFolder, '--verbose'), options);
  const pid = command.child.pid ?? 0;
  started.push(pid);
  return { ...command, pid };
}

const newFolder = (): string => mkdtempSync(join(folder, 'work-'));

function expectTranscript({ exitCode, stdout }: CommandResult): void {
  expect(exitCode).toBe(0);
  expect(stdout.trim().split(/\s+/)).toEqual(words);
}

/** The folder as a finished command leaves it: no temp file, ledger, lock, or journal of the database. */
function expectOnlyResults(workFolder: string): void {
  expect(leftBesidesResults(workFolder)).toEqual([]);
  expect(readdirSync(workFolder).sort()).toEqual(['jobs', 'jobs.db', 'ledger', 'locks', 'media-jobs.json', 'temp']);
}

test.each(phases)('SIGINT while %s ends the command with 130, its children and all its files', async (_, sign) => {
  const workFolder = newFolder();
  const { child, ended, sees, pid } = start(talk, workFolder);
  await sees(sign);
  child.kill('SIGINT');
  const result = await ended;
  expect(processesOf(pid)).toEqual([]);
  if (sign === 'engine released' && result.exitCode === 0) return expectTranscript(result); // It was done before the signal came.
  expect(result).toMatchObject({ exitCode: 130, stdout: '' });
  expect(result.stderr).toMatch(/^media-jobs: Interrupted[^\n]*\n {2}[^\n]+$/m);
  expect(leftIn(workFolder)).toEqual([]);
});

test.each(phases)('after SIGKILL while %s no child lives on, and the next run gives the right result and leaves nothing', async (_, sign) => {
  const workFolder = newFolder();
  const { child, ended, sees, pid } = start(talk, workFolder);
  await sees(sign);
  child.kill('SIGKILL');
  expect((await ended).killedBy).toBe('SIGKILL');
  expect(await untilEmpty(() => processesOf(pid))).toEqual([]);
  expectTranscript(await runCommand(transcribeWords(talk, workFolder)));
  expectOnlyResults(workFolder);
});

test('a job that was killed twice is still finished by the third run', async () => {
  const workFolder = newFolder();
  for (const sign of ['Phase transcribe', 'Phase prepare']) {
    const { child, ended, sees } = start(talk, workFolder);
    await sees(sign);
    child.kill('SIGKILL');
    await ended;
  }
  expectTranscript(await runCommand(transcribeWords(talk, workFolder)));
  expectOnlyResults(workFolder);
});

test('another file does not wait for a job that a killed run has left', async () => {
  const workFolder = newFolder();
  const { child, ended, sees } = start(talk, workFolder);
  await sees('Phase transcribe');
  child.kill('SIGKILL');
  await ended;
  const { exitCode, stderr } = await runCommand(transcribeWords(madeFixture('silence.wav'), workFolder, '--verbose'));
  expect(exitCode).toBe(0);
  expect(stderr.match(/The attempt starts.*input=\S+/g)).toEqual([expect.stringContaining('input=silence.wav')]);
});

test('SIGINT for the whole process group, as a terminal sends it, ends the command in the same order', async () => {
  const workFolder = newFolder();
  const { ended, sees, pid } = start(talk, workFolder, { ownGroup: true });
  await sees('compute buffer (decode)');
  process.kill(-pid, 'SIGINT');
  expect(await ended).toMatchObject({ exitCode: 130, stdout: '' });
  expect(processesOf(pid)).toEqual([]);
  expect(leftIn(workFolder)).toEqual([]);
});

test('a child that is frozen when its command is killed, and so notices nothing, is gone after the next run', async () => {
  const workFolder = newFolder();
  const { child, ended, sees, pid } = start(talk, workFolder);
  await sees('compute buffer (decode)');
  for (const frozen of processesOf(pid)) process.kill(frozen, 'SIGSTOP');
  child.kill('SIGKILL');
  await ended;
  expectTranscript(await runCommand(transcribeWords(talk, workFolder)));
  expect(processesOf(pid)).toEqual([]);
  expectOnlyResults(workFolder);
});

test('two runs of the same file at once give the same result, and only one of them works', async () => {
  const workFolder = newFolder();
  const results = await Promise.all([1, 2].map(() => runCommand(transcribeWords(talk, workFolder, '--verbose'))));
  for (const result of results) expectTranscript(result);
  expect(results.flatMap(({ stderr }) => stderr.match(/The attempt starts/g) ?? [])).toHaveLength(1);
  expectOnlyResults(workFolder);
});
