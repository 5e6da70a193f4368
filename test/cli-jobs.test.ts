import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { z } from 'zod';
import { counts, detail, list, report } from './command/job-shapes.ts';
import { filesBelow, leftIn, processesOf, untilEmpty } from './command/leftovers.ts';
import { compileCache, makeJobs as makeAny } from './command/make-jobs.ts';
import { runCommand as runUncached, type CommandResult } from './command/run-command.ts';

// A machine that is busy with other things is slow, not wrong.
vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), 'media-jobs-cli-jobs-'));
/** Holds jobs that have ended in every way, and one that waits. */
const shared = join(folder, 'shared');
const file = join(folder, 'my "talk"\n.mp4');
const makers: ChildProcess[] = [];
/** Ids of the jobs in `shared`. */
let ids: Readonly<Record<string, string>> = {};

/** Of `job-maker.ts`: between two beats. */
const heartbeatMs = 1_000;

beforeAll(async () => {
  writeFileSync(file, 'not really a film');
  ids = (await makeJobs(shared, 'ended')).message;
});
afterAll(async () => {
  for (const maker of makers) if (maker.exitCode === null && maker.signalCode === null) maker.kill('SIGKILL');
  expect(await untilEmpty(() => makers.flatMap(({ pid }) => processesOf(pid ?? 0)))).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

const makeJobs = (workFolder: string, mode: 'ended' | 'running', ttlHours = 1) => makeAny({ workFolder, file, mode, ttlHours, makers });

const runCommand = (words: readonly string[]): Promise<CommandResult> => runUncached(words, { environment: compileCache });
const run = (...words: readonly string[]): Promise<CommandResult> => runCommand([...words, '--work-folder', shared]);
const idOf = (name: string): string => ids[name] ?? '';

const parsed = <Schema extends z.ZodType>(schema: Schema, { stdout, stderr, exitCode }: CommandResult): z.output<Schema> => {
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  return schema.parse(JSON.parse(stdout));
};

function expectFailure({ stdout, stderr, exitCode }: CommandResult, code: number, ...words: readonly string[]): void {
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: code });
  expect(stderr).toMatch(/^media-jobs: [^\n]+\n {2}[^\n]+\n$/);
  for (const word of words) expect(stderr).toContain(word);
}

test('jobs are listed newest first, a line each of at most 100 columns, whatever the input is called', async () => {
  const { stdout, stderr, exitCode } = await run('jobs');
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  const [titles, ...lines] = stdout.trimEnd().split('\n');
  expect(titles).toMatch(/^ID +STATE +OPERATION +INPUT +AGE +TRIES +DETAIL$/);
  expect(lines.map((line) => line.split(/ +/).slice(0, 3))).toEqual([
    [idOf('waiting').slice(0, 13), 'queued', 'work'], [idOf('give-up').slice(0, 13), 'failed', 'work'], [idOf('be-wrong').slice(0, 13), 'failed', 'work'],
    [idOf('complete').slice(0, 13), 'completed', 'work'], [idOf('cancelled').slice(0, 13), 'cancelled', 'work'],
  ]);
  expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(100);
  expect(stdout).toMatch(/my "talk"\\u000a\.mp4 .* 2\/2 +PROGRAM_FAILED, dead letter\n/);
});

test('a list can be narrowed and cut, and says when there is more', async () => {
  const [failed, cut, none, unknown] = await Promise.all([
    run('jobs', '--status', 'failed', '--operation', 'work', '--json'), run('jobs', '--limit', '2'), run('jobs', '--operation', 'nothing'), run('jobs', '--operation', 'nothing', '--json'),
  ]);
  const { jobs, more } = parsed(list, failed);
  expect({ ids: jobs.map(({ id }) => id), more }).toEqual({ ids: [idOf('give-up'), idOf('be-wrong')], more: false });
  expect(jobs.map(({ deadLetter, error }) => [deadLetter, error?.code])).toEqual([['attempts-used-up', 'PROGRAM_FAILED'], [null, 'CORRUPT']]);
  expect(cut.stdout.trimEnd().split('\n')).toHaveLength(3);
  expect(cut.stderr).toContain('--limit');
  expect(none).toMatchObject({ exitCode: 0, stdout: '', stderr: 'No such jobs.\n' });
  expect(parsed(list, unknown)).toEqual({ jobs: [], more: false });
});

test('a failed job shows its error, its attempts with their last log lines, and where its input lies', async () => {
  const [sheet, json] = await Promise.all([run('job', idOf('give-up').slice(3, 11)), run('job', idOf('give-up'), '--json')]);
  expect(sheet).toMatchObject({ exitCode: 0, stderr: '' });
  for (const text of ['a dead letter (attempts-used-up)', 'attempts   2 of at most 2', 'got exit code 3.', 'Look at its last words.', 'last words', 'attempt 2 of 2: failed', '| info: begins to give-up', 'expires ']) {
    expect(sheet.stdout).toContain(text);
  }
  const { inputs, history, error } = parsed(detail, json);
  expect(existsSync(inputs[0]?.path ?? '')).toBe(true);
  expect(history.map(({ ended }) => ended)).toEqual(['retry', 'failed']);
  expect(error).toMatchObject({ class: 'transient', facts: { exitCode: 3 } });
});

test('the causes of an error are shown, and the files of a completed job', async () => {
  const [wrong, complete] = await Promise.all([run('job', idOf('be-wrong')), run('job', idOf('complete'), '--json')]);
  expect(wrong.stdout).toMatch(/advice +Give a film\.\nframe +7\ncause +Error: no key frame\n/);
  const { files, output, worker } = parsed(detail, complete);
  expect({ output, worker, names: files.map(({ name }) => name) }).toEqual({ output: { words: 2 }, worker: null, names: ['words.txt'] });
  expect(existsSync(files[0]?.path ?? '')).toBe(true);
});

test('dead letters are listed, and counted with all else', async () => {
  const [table, json, stats, statsJson] = await Promise.all([run('dead-letters'), run('dead-letters', '--json'), run('stats'), run('stats', '--json')]);
  expect(table.stdout).toMatch(/^ID +OPERATION +INPUT +ENDED +TRIES +WHY +ERROR\nmj_\S+ +work +my "talk".* attempts-used-up +PROGRAM_FAILED\n$/);
  expect(parsed(list, json).jobs.map(({ id }) => id)).toEqual([idOf('give-up')]);
  expect(stats.stdout).toMatch(/failed +2, 1 dead letter among them\n[^]*\nOPERATION[^\n]+\nwork +1 +0 +1 +2 /);
  expect(parsed(counts, statsJson)).toMatchObject({ byState: { queued: 1, completed: 1, failed: 2, cancelled: 1 }, deadLetters: 1, cacheMisses: 5 });
});

test('what is typed wrongly is named, and nothing is done', async () => {
  const [state, limit, short, both, neither] = await Promise.all([
    run('jobs', '--status', 'done'), run('jobs', '--limit', '0'), run('job', 'mj_'), run('retry', idOf('give-up'), '--all-failed'), run('retry'),
  ]);
  expectFailure(state, 2, '"done"', 'completed');
  expectFailure(limit, 2, '--limit');
  expectFailure(short, 2, '4 characters');
  expectFailure(both, 2, 'both');
  expectFailure(neither, 2, 'neither');
});

test('an id that no job has, and a job that cannot do what is asked, are errors', async () => {
  const [unknown, prefix, cancelled, completed, waiting] = await Promise.all([
    run('job', `mj_${'a'.repeat(26)}`), run('cancel', 'mj_aaaaaa'), run('cancel', idOf('complete')), run('retry', idOf('complete')), run('retry', idOf('waiting')),
  ]);
  expectFailure(unknown, 1, 'no job here has');
  expectFailure(prefix, 1, 'no job here has');
  expectFailure(cancelled, 1, 'that is completed');
  expectFailure(completed, 1, 'that is completed');
  expectFailure(waiting, 1, 'that is queued', 'cancel');
});

test('a place without jobs is said to be none, and nothing is made there', async () => {
  const [absent, empty, foreign] = [join(folder, 'absent'), join(folder, 'empty'), join(folder, 'foreign')] as const;
  for (const place of [empty, foreign]) mkdirSync(place);
  writeFileSync(join(foreign, 'jobs.db'), 'somebody else keeps this');
  const results = await Promise.all([['jobs'], ['cancel', 'mj_abcdef'], ['sweep']].map((words) => runCommand([...words, '--work-folder', absent])));
  for (const result of results) expectFailure(result, 1, 'got nothing');
  expectFailure(await runCommand(['stats', '--work-folder', empty]), 1, 'without jobs.db');
  expectFailure(await runCommand(['sweep', '--work-folder', foreign]), 1, 'Expected a SQLite database');
  expect([existsSync(absent), readdirSync(empty), readdirSync(foreign)]).toEqual([false, [], ['jobs.db']]);
});

test('a waiting job is cancelled at once, and its input is gone', async () => {
  const { inputs } = parsed(detail, await run('job', idOf('waiting'), '--json'));
  expect(existsSync(inputs[0]?.path ?? '')).toBe(true);
  expect(await run('cancel', idOf('waiting').slice(0, 13))).toMatchObject({ exitCode: 0, stdout: `${idOf('waiting')} cancelled\n`, stderr: '' });
  expect(existsSync(inputs[0]?.path ?? '')).toBe(false);
  expectFailure(await run('cancel', idOf('waiting')), 1, 'that is cancelled');
});

test('a job that runs in another process is cancelled there, and its program is gone, within a beat and a second', async () => {
  const workFolder = join(folder, 'running');
  const { maker, message: { running = '' } } = await makeJobs(workFolder, 'running');
  const pid = maker.pid ?? 0;
  const { worker, phase } = parsed(detail, await runCommand(['job', running, '--json', '--work-folder', workFolder]));
  expect({ pid: worker?.pid, state: worker?.state, phase }).toEqual({ pid, state: 'alive', phase: 'sleep' });
  const result = await runCommand(['cancel', running, '--work-folder', workFolder]);
  const asked = performance.now();
  expect(result).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(new RegExp(`^${running} (requested|cancelled)\n$`)) as string });
  expect(await untilEmpty(() => processesOf(pid))).toEqual([]);
  expect(performance.now() - asked).toBeLessThan(heartbeatMs + 1_000);
  maker.send('go');
  await once(maker, 'exit');
  const { jobs } = parsed(list, await runCommand(['jobs', '--json', '--work-folder', workFolder]));
  expect(jobs.map(({ id, state }) => [id, state])).toEqual([[running, 'cancelled']]);
  expect(leftIn(workFolder)).toEqual([]);
});

test('a job whose worker was killed is cancelled by the command itself, and nothing is left of it', async () => {
  const workFolder = join(folder, 'killed');
  const { maker, message: { running = '' } } = await makeJobs(workFolder, 'running');
  maker.kill('SIGKILL');
  await once(maker, 'exit');
  expect(await runCommand(['cancel', running, '--work-folder', workFolder])).toMatchObject({ exitCode: 0, stdout: `${running} cancelled\n`, stderr: '' });
  expect(leftIn(workFolder)).toEqual([]);
});

test('disk shows what a work folder holds by kind and what is free, and makes nothing where there is none', async () => {
  const { stdout, exitCode } = await run('disk', '--json');
  const sheet = JSON.parse(stdout) as { readonly level: string; readonly holds: Readonly<Record<string, { readonly files: number; readonly bytes: number }>>; readonly disks: readonly { readonly freeBytes: number }[] };
  expect(exitCode).toBe(sheet.level === 'refuse' ? 1 : 0);
  expect(sheet.holds['jobs']?.files).toBe(leftIn(shared).filter((path) => path.startsWith('jobs/')).length);
  expect([sheet.holds['temp'], sheet.holds['ledger']]).toEqual([{ files: 0, bytes: 0 }, { files: 0, bytes: 0 }]);
  expect(sheet.holds['store']?.bytes).toBeGreaterThan(0);
  expect(sheet.disks[0]?.freeBytes).toBeGreaterThan(0);
  const absent = join(folder, 'no folder');
  expect((await runCommand(['disk', '--work-folder', absent])).stdout).toMatch(/^work folder +.*no folder\njobs +0 B in 0 files\n/);
  expect(existsSync(absent)).toBe(false);
});

test('a sweep removes what a killed worker left, and brings its job back', async () => {
  const workFolder = join(folder, 'swept');
  const { maker, message: { running = '' } } = await makeJobs(workFolder, 'running');
  maker.kill('SIGKILL');
  await once(maker, 'exit');
  const done = parsed(report, await runCommand(['sweep', '--json', '--work-folder', workFolder]));
  expect(done).toMatchObject({ lapsed: 1, leftByDeadOwners: { owners: 1 }, errors: [] });
  const { jobs } = parsed(list, await runCommand(['jobs', '--json', '--work-folder', workFolder]));
  expect(jobs.map(({ id, state }) => [id, state])).toEqual([[running, 'queued']]);
  expect(leftIn(workFolder).filter((path) => !path.endsWith('/input-0'))).toEqual([]);
});

test('a sweep removes jobs that have expired with their files, and says how many', async () => {
  const workFolder = join(folder, 'expired');
  await makeJobs(workFolder, 'ended', 0.000_01);
  const { stdout, exitCode } = await runCommand(['sweep', '--work-folder', workFolder]);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^expired +4 jobs, 3 files, \d+ B\norphans [^]*\nerrors +none\n$/);
  expect(leftIn(workFolder)).toHaveLength(1);
});

test('failed jobs are put in line again, and it is said that nothing runs them here', async () => {
  const one = await run('retry', idOf('be-wrong'));
  expect(one).toMatchObject({ exitCode: 0, stdout: `${idOf('be-wrong')}\n`, stderr: expect.stringContaining('Nothing is run by this command') as string });
  const all = await run('retry', '--all-failed');
  expect(all).toMatchObject({ exitCode: 0, stdout: `${idOf('give-up')}\n` });
  expect(await run('retry', '--all-failed')).toMatchObject({ exitCode: 0, stdout: '', stderr: 'No failed jobs.\n' });
  const { jobs } = parsed(list, await run('jobs', '--status', 'queued', '--json'));
  expect(jobs.map(({ id, generation, attempts }) => [id, generation, attempts])).toEqual([[idOf('give-up'), 2, 0], [idOf('be-wrong'), 2, 0]]);
});

test('looking at a work folder leaves nothing in it, and the settings of its service as they were', async () => {
  {
    await using store = createSqliteStore({ file: join(shared, 'jobs.db') });
    expect(await store.shareSettings({ ttlMs: 1, cleanupIntervalMs: 1 })).toMatchObject({ ttlMs: 3_600_000 });
  }
  expect(readdirSync(shared).sort()).toEqual(['jobs', 'jobs.db', 'ledger', 'locks', 'media-jobs.json', 'temp']);
  expect(['temp', 'ledger', 'locks'].flatMap((name) => filesBelow(join(shared, name)))).toEqual([]);
});
