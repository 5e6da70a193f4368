import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { resettableFolder, type ResetProgress } from '@media-jobs/cleanup';
import { createMemoryStore } from '@media-jobs/core';
import { scriptedOperation, type AttemptScript } from '@media-jobs/core/testing';
import { ownerId, processesOf, runProgram } from '@media-jobs/process';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { defineOperation } from '../../operation/define-operation.ts';
import { eventually, leftFolders, openBench, untilState } from '../testing/bench.ts';
import { away, withFaults } from '../testing/with-faults.ts';

afterAll(async () => {
  expect(await processesOf(ownerId())).toEqual([]);
  expect(await leftFolders()).toEqual([]);
});

const written: AttemptScript = [{ do: 'write', name: 'out.txt', content: '12345' }];
const filed = () => scriptedOperation({ name: 'file', script: [written] });
/** All files in the work folder but its marker and what belongs to the open folder itself. */
const filesOf = async (workFolder: string): Promise<string[]> =>
  (await readdir(workFolder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile() && !entry.parentPath.endsWith('ledger') && entry.name !== 'media-jobs.json').map((entry) => join(entry.parentPath, entry.name));

test('a deep reset ends running jobs, removes waiting and ended ones with their files, and new work runs at once', async () => {
  const operation = scriptedOperation({ name: 'any', script: [written, [{ do: 'hang' }], written], limits: { concurrency: 1 } });
  await using bench = await openBench({ operations: [operation], realTime: true });
  const done = await bench.jobs.submit('any', { number: 1 });
  await done.result();
  const running = await bench.jobs.submit('any', { number: 2 });
  const { ended } = await operation.started(2);
  const waiting = await bench.jobs.submit('any', { number: 3, file: await bench.file('in.txt', 'input') });
  const gone = expect(waiting.wait()).rejects.toMatchObject({ code: 'EPOCH_PASSED' });
  const report = await bench.jobs.reset({ level: 'deep', queue: true });
  expect(report).toMatchObject({ ok: true, errors: [], left: 0, level: 'deep', jobsRemoved: 3, filesDeleted: 1, bytesFreed: 5, queuePurged: true, redisFlushed: false });
  expect(await ended).toMatchObject({ thrown: { code: 'CLAIM_LOST' } });
  await gone;
  for (const job of [done, running, waiting]) expect(await bench.jobs.get(job.id)).toBeNull();
  // Whoever begins to wait only now is told the same.
  await expect(waiting.wait()).rejects.toMatchObject({ code: 'EPOCH_PASSED' });
  await expect(waiting.record()).rejects.toMatchObject({ code: 'EPOCH_PASSED' });
  expect(await filesOf(bench.workFolder)).toEqual([]);
  expect(await readdir(join(bench.workFolder, 'jobs'))).toEqual([]);
  const again = await bench.jobs.submit('any', { number: 1 });
  expect(again).toMatchObject({ generation: 1, cached: false });
  expect(await again.wait()).toMatchObject({ state: 'completed', epoch: report.perTarget['jobs']?.notes['epoch'] });
});

test('the reset resolves only when the programs of running jobs are gone', async () => {
  const started = Promise.withResolvers<void>();
  const operation = defineOperation({
    name: 'sleep', version: 1, input: z.object({}), output: z.null(), limits: { softTimeoutMs: 60_000, hardTimeoutMs: 90_000 },
    async run(_, attempt) {
      writeFileSync(join(attempt.tempFolder, 'half'), 'half a result');
      await runProgram({ command: 'sh', args: ['-c', 'trap "" TERM; echo up; while :; do sleep 1; done'], ...attempt.controls, onStdoutLine: () => started.resolve() });
      return null;
    },
  });
  await using bench = await openBench({ operations: [operation], realTime: true });
  await bench.jobs.submit('sleep', {});
  await started.promise;
  expect((await processesOf(ownerId())).length).toBeGreaterThan(0);
  const report = await bench.jobs.reset({ level: 'deep' });
  expect(await processesOf(ownerId())).toEqual([]);
  expect(report).toMatchObject({ ok: true, jobsRemoved: 1 });
  expect(await filesOf(bench.workFolder)).toEqual([]);
});

test('a basic reset removes what is expired or orphaned and lets the rest be', async () => {
  await using bench = await openBench({ operations: [filed()], ttlHours: 1 });
  const old = await bench.jobs.submit('file', { number: 1 });
  await old.result();
  await bench.clock.advance(3_600_000);
  const young = await bench.jobs.submit('file', { number: 2 });
  await young.result();
  const orphan = join(bench.workFolder, 'jobs', await bench.store.epoch(), 'nobody', 'token');
  mkdirSync(orphan, { recursive: true });
  writeFileSync(join(orphan, 'stray'), 'stray');
  const report = await bench.jobs.reset();
  expect(report).toMatchObject({ ok: true, level: 'basic', jobsRemoved: 1, filesDeleted: 2, bytesFreed: 10 });
  expect(await young.record()).toMatchObject({ state: 'completed' });
  expect([await bench.jobs.get(old.id), existsSync(orphan)]).toEqual([null, false]);
});

test('what lies in the folders without an owner goes, the folders stay, and what a living process uses stays', async () => {
  await using bench = await openBench({ operations: [filed()], realTime: true });
  const stray = ['jobs/notes.txt', 'jobs/zz-forgotten', 'jobs/zz-results-of-old/file', `jobs/${'z'.repeat(26)}`, 'temp/foreign/deep/file', 'temp/temp-aaaaaaaaaaaaaaaaaaaaaaaaaa.wav', 'jobs/0000000000000000000000000a/id/token/old'].map((name) => join(bench.workFolder, name));
  for (const path of stray) {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, 'stray');
  }
  const before = await readdir(join(bench.workFolder, 'temp'));
  const report = await bench.jobs.reset({ level: 'deep' });
  expect(report).toMatchObject({ ok: true, filesDeleted: 7, bytesFreed: 35 });
  expect(stray.filter((path) => existsSync(path))).toEqual([]);
  expect((await readdir(bench.workFolder)).sort()).toEqual(['jobs', 'ledger', 'locks', 'media-jobs.json', 'temp']);
  expect(await readdir(join(bench.workFolder, 'temp'))).toEqual(before.filter((name) => name.startsWith('attempts-')));
  await (await bench.jobs.submit('file', {})).result();
});

test('work is turned away until the end only where that was asked for, and a dead process keeps nothing shut', async () => {
  const held = Promise.withResolvers<void>();
  const slow = { name: 'slow', kind: 'files' as const, collect: () => held.promise, count: () => Promise.resolve({ count: 0, listed: [] }) };
  await using bench = await openBench({ operations: [filed()], realTime: true, resetTargets: [slow] });
  for (const refuseNewWork of [true, false]) {
    const collecting = Promise.withResolvers<void>();
    const resetting = bench.jobs.reset({ level: 'deep', refuseNewWork, onProgress: ({ phase }: ResetProgress) => (phase === 'collect' ? collecting.resolve() : undefined) });
    await collecting.promise;
    const submit = bench.jobs.submit('file', { refuseNewWork });
    if (refuseNewWork) await expect(submit).rejects.toMatchObject({ code: 'RESETTING', retryAfterMs: 1_000, retryable: true });
    else expect(await (await submit).wait()).toMatchObject({ state: 'completed' });
    held.resolve();
    expect(await resetting).toMatchObject({ ok: true });
    expect(await readdir(join(bench.workFolder, 'locks'))).toEqual([]);
    await (await bench.jobs.submit('file', { refuseNewWork, after: true })).wait();
  }
  const dead = ownerId().replace(/-\d+-(\d+)$/, (_, start: string) => `-999999999-${start}`);
  const gate = join(bench.workFolder, 'locks', 'refuse-new-work.json');
  writeFileSync(gate, JSON.stringify({ owner: dead, resetId: 'x' }));
  await (await bench.jobs.submit('file', { dead: true })).wait();
  expect(existsSync(gate)).toBe(false);
  writeFileSync(gate, '');
  await (await bench.jobs.submit('file', { died: 'as it began to write' })).wait();
});

test('resets at the same time are one, also of two services on one folder', async () => {
  const store = createMemoryStore();
  const shared = new Proxy(store, { get: (target, name) => (name === Symbol.asyncDispose ? () => Promise.resolve() : (Reflect.get(target, name) as unknown)) });
  await using bench = await openBench({ operations: [filed()], realTime: true, store: shared });
  await using other = await openBench({ operations: [filed()], realTime: true, store: shared, workFolder: bench.workFolder });
  await (await bench.jobs.submit('file', {})).result();
  const reports = await Promise.all([bench.jobs.reset({ level: 'deep' }), bench.jobs.reset({ level: 'deep' }), bench.jobs.reset()]);
  expect(new Set(reports.map(({ resetId }) => resetId)).size).toBe(1);
  const [mine, theirs] = await Promise.all([bench.jobs.reset({ level: 'deep' }), other.jobs.reset({ level: 'deep' })]);
  expect(mine.resetId).toBe(theirs.resetId);
  expect(mine.ok).toBe(true);
  expect(await readdir(join(bench.workFolder, 'locks'))).toEqual([]);
});

test('a store that is away fails its part, and the rest is done and told', async () => {
  const store = withFaults(createMemoryStore(), { epoch: (real) => () => (isAway ? Promise.reject(away()) : real()) });
  const logs = { folder: '' };
  let isAway = false;
  await using bench = await openBench({ operations: [filed()], realTime: true, store });
  logs.folder = join(bench.workFolder, '..', 'logs');
  mkdirSync(join(logs.folder, 'old'), { recursive: true });
  writeFileSync(join(logs.folder, 'old', 'service.log'), 'a line');
  await using second = await openBench({ operations: [filed()], realTime: true, resetTargets: [resettableFolder({ name: 'logs', folder: logs.folder })], store, workFolder: bench.workFolder });
  isAway = true;
  const report = await second.jobs.reset({ level: 'deep', deadlinesMs: { stop: 1_000 } });
  isAway = false;
  expect(report).toMatchObject({ ok: false, filesDeleted: 1, bytesFreed: 6 });
  expect(report.errors.map(({ target }) => target)).toContain('jobs');
  expect(existsSync(join(logs.folder, 'old'))).toBe(true);
});

test('a submit that a reset overtakes while it copies its input begins again in the new epoch', async () => {
  let submits = 0;
  const store = createMemoryStore();
  const service: { reset: () => Promise<unknown> } = { reset: () => Promise.reject(new Error('not open yet')) };
  const halting = withFaults(store, {
    submit: (real) => async (request) => {
      submits += 1;
      if (submits === 1) expect(await service.reset()).toMatchObject({ ok: true });
      return real(request);
    },
  });
  await using bench = await openBench({ operations: [filed()], realTime: true, store: halting });
  service.reset = () => bench.jobs.reset({ level: 'deep' });
  const job = await bench.jobs.submit('file', { file: await bench.file('in.txt', 'input') });
  expect(await job.wait()).toMatchObject({ state: 'completed', epoch: await store.epoch() });
  expect(submits).toBe(2);
  await eventually(async () => (await bench.jobFolders()).length === 1);
});

test('an epoch that another process drew ends the work of older ones within a look at the store, not a beat', async () => {
  const operation = scriptedOperation({ name: 'hang', script: [[{ do: 'hang' }]] });
  const store = createMemoryStore();
  await using bench = await openBench({ operations: [operation], realTime: true, store, pollIntervalMs: 20, heartbeatMs: 100_000, leaseMs: 200_000 });
  const job = await bench.jobs.submit('hang', {});
  await untilState(job, 'running');
  const { ended } = await operation.started(1);
  await store.reset();
  expect(await ended).toMatchObject({ thrown: { code: 'CLAIM_LOST' } });
});

test('a log folder is emptied: a file that is held open stays one, and its writer goes on in it', async () => {
  await using bench = await openBench({ operations: [filed()], realTime: true });
  const folder = join(bench.workFolder, '..', 'logs');
  mkdirSync(join(folder, 'deep'), { recursive: true });
  for (const name of ['open.log', 'deep/old.log']) writeFileSync(join(folder, name), 'many lines\n');
  const { open } = await import('node:fs/promises');
  await using handle = await open(join(folder, 'open.log'), 'a');
  await using service = await openBench({ operations: [filed()], realTime: true, resetTargets: [resettableFolder({ name: 'logs', folder, openFiles: 'truncate' })] });
  expect(await service.jobs.reset()).toMatchObject({ ok: true, filesDeleted: 0 });
  const report = await service.jobs.reset({ level: 'deep' });
  expect(report).toMatchObject({ ok: true, perTarget: { logs: { filesDeleted: 1, bytesFreed: 22, notes: { truncated: 1 }, left: { count: 0 } } } });
  await handle.write('after\n');
  expect(readFileSync(join(folder, 'open.log'), 'utf8')).toBe('after\n');
  expect(await readdir(folder)).toEqual(['deep', 'open.log']);
});
