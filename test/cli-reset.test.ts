import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResetReport } from '@media-jobs/cleanup';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { leftIn, processesOf, untilEmpty } from './command/leftovers.ts';
import { compileCache, makeJobs } from './command/make-jobs.ts';
import { commandLine, runCommand, type CommandResult } from './command/run-command.ts';

// A machine that is busy with other things is slow, not wrong.
vi.setConfig({ testTimeout: 120_000 });

const folder = mkdtempSync(join(tmpdir(), 'media-jobs-cli-reset-'));
const file = join(folder, 'talk.mp4');
const models = join(folder, 'models');
const makers: ChildProcess[] = [];

beforeAll(() => {
  writeFileSync(file, 'not really a film');
  mkdirSync(models);
});
afterAll(async () => {
  for (const maker of makers) if (maker.exitCode === null && maker.signalCode === null) maker.kill('SIGKILL');
  expect(await untilEmpty(() => makers.flatMap(({ pid }) => processesOf(pid ?? 0)))).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

const places = (workFolder: string): readonly string[] => ['--work-folder', workFolder, '--models-folder', models];
const reset = (workFolder: string, ...words: readonly string[]): Promise<CommandResult> => runCommand(['reset', ...words, ...places(workFolder)], { environment: compileCache });

/** A work folder with a completed, two failed, a cancelled and a waiting job. */
async function fresh(name: string, ttlHours = 1): Promise<string> {
  const workFolder = join(folder, name);
  await makeJobs({ workFolder, file, mode: 'ended', ttlHours, makers });
  return workFolder;
}

function report({ stdout, stderr }: CommandResult): ResetReport {
  expect(stderr).toBe('');
  return JSON.parse(stdout) as ResetReport;
}

/** States of the jobs in a work folder, as `media-jobs jobs` tells them. */
async function statesIn(workFolder: string): Promise<readonly string[]> {
  const { stdout } = await runCommand(['jobs', '--json', '--work-folder', workFolder], { environment: compileCache });
  return (JSON.parse(stdout) as { readonly jobs: readonly { readonly state: string }[] }).jobs.map(({ state }) => state).sort();
}

const before = ['cancelled', 'completed', 'failed', 'failed', 'queued'];

/** Runs `reset` on a terminal of its own, and types this when it is asked. Resolves with all that the terminal showed. */
async function onTerminal(workFolder: string, typed: string, ...words: readonly string[]): Promise<{ readonly shown: string; readonly exitCode: number | null }> {
  const line = commandLine(['reset', ...words, ...places(workFolder)]).map((word) => `'${word}'`).join(' ');
  const terminal = spawn('script', ['-qec', line, '/dev/null'], { env: { ...process.env, ...compileCache }, stdio: ['pipe', 'pipe', 'inherit'] });
  let shown = '';
  terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (!shown.includes('Type yes') && (shown + text).includes('Type yes')) terminal.stdin.write(`${typed}\n`);
    shown += text;
  });
  const [exitCode] = (await once(terminal, 'close')) as [number | null];
  return { shown, exitCode };
}

test('where nobody can be asked it refuses without --yes, and nothing is touched', async () => {
  const workFolder = await fresh('unasked');
  const files = leftIn(workFolder);
  for (const words of [[], ['--deep'], ['--deep', '--models', '--queue', '--json']]) {
    const { exitCode, stdout, stderr } = await reset(workFolder, ...words);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^media-jobs: Expected `--yes` where nobody can be asked[^\n]*\n {2}[^\n]+\n$/);
  }
  expect([leftIn(workFolder), await statesIn(workFolder)]).toEqual([files, before]);
});

test('on a terminal it says what will go and asks; anything but yes removes nothing', async () => {
  const workFolder = await fresh('asked');
  const files = leftIn(workFolder);
  for (const typed of ['no', '', 'y']) {
    const { shown, exitCode } = await onTerminal(workFolder, typed, '--deep', '--models');
    expect(exitCode).toBe(1);
    expect(shown).toContain(`All jobs, results and temp files in ${workFolder} and all downloaded models will be removed. This cannot be undone.`);
    expect(shown).toContain('Nothing was removed.');
  }
  expect([leftIn(workFolder), await statesIn(workFolder)]).toEqual([files, before]);
  const { shown, exitCode } = await onTerminal(workFolder, 'yes', '--deep');
  expect(exitCode).toBe(0);
  expect(shown).toMatch(/The reset is complete: 5 jobs and \d+ files/);
  expect([leftIn(workFolder), await statesIn(workFolder)]).toEqual([[], []]);
});

test('without --deep it removes what has expired and keeps the rest', async () => {
  const [old, young] = [await fresh('old', 0.000_01), await fresh('young')];
  const files = leftIn(young);
  expect(report(await reset(old, '--yes', '--json'))).toMatchObject({ ok: true, level: 'basic', jobsRemoved: 4, errors: [], left: 0 });
  expect(await statesIn(old)).toEqual(['queued']);
  expect(report(await reset(young, '--yes', '--json'))).toMatchObject({ ok: true, level: 'basic', jobsRemoved: 0, filesDeleted: 0 });
  expect([leftIn(young), await statesIn(young)]).toEqual([files, before]);
});

test('--deep removes all jobs and all their files, and models only with --models; the folders stay, and what was not asked for', async () => {
  const workFolder = await fresh('deep');
  const [model, other] = [join(models, 'ggml-tiny.bin'), join(models, 'notes.txt')];
  for (const path of [model, other]) writeFileSync(path, 'some bytes');
  const files = leftIn(workFolder);
  const first = await reset(workFolder, '--deep', '--yes', '--json');
  expect(first.exitCode).toBe(0);
  const told = report(first);
  expect(told).toMatchObject({ ok: true, level: 'deep', jobsRemoved: 5, filesDeleted: files.length, modelsDeleted: 0, errors: [], left: 0, redisFlushed: false, perTarget: { jobs: { jobsRemoved: 5 }, files: { filesDeleted: files.length } } });
  expect(told.bytesFreed).toBeGreaterThan(0);
  expect(told.resetId).toMatch(/^\S{20,}$/);
  expect(readdirSync(workFolder).sort()).toEqual(['jobs', 'jobs.db', 'ledger', 'locks', 'media-jobs.json', 'temp']);
  expect([leftIn(workFolder), existsSync(model)]).toEqual([[], true]);
  const second = await reset(workFolder, '--deep', '--models', '--queue', '--yes');
  expect(second).toMatchObject({ exitCode: 0, stderr: '' });
  expect(second.stdout).toMatch(/^The reset is complete: 0 jobs and [^\n]+\njobs +0 jobs\nfiles [^\n]+\nmodels +1 model\nqueue [^\n]+\nprograms ended +0\nleft +nothing\nerrors +none\n$/);
  expect([existsSync(model), existsSync(other)]).toEqual([false, true]);
});

test('a job that another process runs is ended, with its program, before the command ends', async () => {
  const workFolder = join(folder, 'running');
  const { maker } = await makeJobs({ workFolder, file, mode: 'running', makers });
  const result = await reset(workFolder, '--deep', '--yes', '--json');
  expect(processesOf(maker.pid ?? 0)).toEqual([]);
  expect(report(result)).toMatchObject({ ok: true, jobsRemoved: 1, left: 0 });
  expect(await statesIn(workFolder)).toEqual([]);
  maker.send('go');
  await once(maker, 'exit');
  expect(leftIn(workFolder)).toEqual([]);
});

test.runIf(process.getuid?.() === 0)('what cannot be removed is named, all else is gone, and the command ends with 1 (a mount, so as root only)', async () => {
  const workFolder = await fresh('stubborn');
  const busy = join(workFolder, 'temp', 'busy');
  mkdirSync(busy);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', busy]);
  try {
    const result = await reset(workFolder, '--deep', '--yes');
    expect(result.exitCode).toBe(1);
    expect(result.stdout).toMatch(new RegExp(`^The reset is incomplete: 5 jobs [^]*errors +${busy}: EBUSY\n$`));
    expect(leftIn(workFolder)).toEqual([]);
  } finally {
    execFileSync('umount', [busy]);
  }
  expect(report(await reset(workFolder, '--deep', '--yes', '--json'))).toMatchObject({ ok: true, left: 0 });
  expect(existsSync(busy)).toBe(false);
});

test('a place without jobs is said to be none, and nothing is made there', async () => {
  const absent = join(folder, 'absent');
  const { exitCode, stdout, stderr } = await reset(absent, '--deep', '--yes');
  expect({ exitCode, stdout, made: existsSync(absent) }).toEqual({ exitCode: 1, stdout: '', made: false });
  expect(stderr).toContain('got nothing');
});
