import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { defineOperation } from '../operation/define-operation.ts';
import { inputFile } from '../operation/input-file.ts';
import { leftFolders, openBench, passing, type Bench } from './testing/bench.ts';

const bytes = Buffer.from('speech '.repeat(40_000));
const digest = createHash('sha256').update(bytes).digest('hex');
const read = defineOperation({
  name: 'read', version: 1, input: z.strictObject({ file: inputFile() }), output: z.string(), limits: { softTimeoutMs: 5_000, hardTimeoutMs: 9_000 },
  run: async ({ file }) => createHash('sha256').update(await readFile(file)).digest('hex'),
});
const stream = (content: Buffer | string = bytes): Readable => Readable.from([content], { objectMode: false });
const received = ({ workFolder }: Bench<readonly []>): readonly string[] => readdirSync(join(workFolder, 'temp')).filter((name) => name.startsWith('received'));
const failure = async (call: Promise<unknown>): Promise<unknown> => call.then(() => expect.fail('It should have failed.'), (error: unknown) => error);

afterAll(async () => expect(await leftFolders()).toEqual([]));

test('a stream becomes a file that is hashed on the way, and the submit neither reads nor copies it', async () => {
  await using bench = await openBench({ operations: [read], realTime: true });
  const job = await (async () => {
    await using file = await bench.jobs.receive(stream(), { name: 'my talk.wav' });
    expect({ bytes: file.bytes, sha256: file.sha256 }).toEqual({ bytes: bytes.length, sha256: digest });
    const submitted = await bench.jobs.submit('read', { file: file.path });
    const { inputs } = await submitted.record();
    expect(inputs).toMatchObject([{ originalName: 'my talk.wav', sha256: digest, bytes: bytes.length }]);
    return submitted;
  })();
  expect(received(bench as never)).toEqual([]);
  expect(await job.result()).toBe(digest);
});

test('a received file gets a second name, no second copy', async () => {
  await using bench = await openBench({ operations: [read], worker: false });
  await using file = await bench.jobs.receive(stream());
  const { inputFolder } = await (await bench.jobs.submit('read', { file: file.path })).record();
  expect(statSync(join(bench.workFolder, inputFolder ?? '', 'input-0')).ino).toBe(statSync(file.path).ino);
});

test('the same bytes as a file and as a stream are the same job', async () => {
  await using bench = await openBench({ operations: [read], realTime: true });
  const first = await bench.jobs.submit('read', { file: await bench.file('a.wav', bytes.toString()) });
  await first.result();
  await using file = await bench.jobs.receive(stream());
  const second = await bench.jobs.submit('read', { file: file.path });
  expect([second.id, second.cached]).toEqual([first.id, true]);
});

test.each([
  ['too much', () => stream(), { maxBytes: 1_000 }, 'INPUT_TOO_LARGE'],
  ['more than the service takes', () => stream(), { maxBytes: Infinity }, 'INPUT_TOO_LARGE'],
  ['too much by announcement', () => stream('a'), { announcedBytes: 200_001 }, 'INPUT_TOO_LARGE'],
  ['more than there is room for', () => stream('a'), { announcedBytes: 190_000 }, 'DISK_FULL'],
  ['nothing', () => stream(''), {}, 'INPUT_EMPTY'],
  ['nothing but zeros', () => stream(Buffer.alloc(70_000)), {}, 'INPUT_ALL_ZERO'],
  ['a stream that breaks', () => new Readable({ read() { this.destroy(new Error('the line went dead')); } }), {}, 'TRUNCATED'],
  ['a stream that is aborted before', () => stream(), { signal: AbortSignal.abort() }, 'ABORTED'],
])('%s is refused by name, and nothing is left', async (_what, source, options, code) => {
  const diskReserveBytes = code === 'DISK_FULL' ? 1e18 : 0;
  await using bench = await openBench({ operations: [read], realTime: true, maxInputBytes: 200_000, diskReserveBytes });
  const given = source();
  expect(await failure(bench.jobs.receive(given, options))).toMatchObject({ code });
  expect(given.destroyed).toBe(true);
  expect(received(bench as never)).toEqual([]);
});

test('a sender that falls silent is let go, and one that is cut off by the end of the service too', async () => {
  const bench = await openBench({ operations: [read] });
  const silent = new PassThrough();
  silent.write('R');
  const call = failure(bench.jobs.receive(silent, { stallMs: 5_000 }));
  while (received(bench as never).length === 0) await turn();
  expect(await passing(bench.clock, call)).toMatchObject({ code: 'STALLED' });
  const cut = new PassThrough();
  cut.write('R');
  const other = failure(bench.jobs.receive(cut, { stallMs: Infinity }));
  while (received(bench as never).length === 0) await turn();
  await bench[Symbol.asyncDispose]();
  expect(await other).toMatchObject({ code: 'CLOSED' });
});

test('each attempt that ends is told to the observer, whose faults are its own', async () => {
  const ends: unknown[] = [];
  await using bench = await openBench({ operations: [read], realTime: true, onAttemptEnd: (end) => { ends.push(end); throw new Error('observer'); } });
  const job = await bench.jobs.submit('read', { file: await bench.file('a.wav', 'speech') });
  await job.result();
  await expect.poll(() => ends).toMatchObject([{ jobId: job.id, operation: 'read', ended: 'completed', code: null, wallMs: expect.any(Number) as number }]);
  expect(bench.logs.lines.some(({ message }) => message === 'The observer of attempts failed')).toBe(true);
});

test('a job can be found or is missing by name, and only a failed one can be put in line again', async () => {
  const fails = defineOperation({ ...read, name: 'fails', run: () => Promise.reject(new Error('no')), limits: { softTimeoutMs: 5_000, hardTimeoutMs: 9_000, maxAttempts: 1 } });
  await using bench = await openBench({ operations: [read, fails], realTime: true });
  const absent = `mj_${'a'.repeat(26)}`;
  for (const look of [bench.jobs.find(absent), bench.jobs.record(absent)]) expect(await failure(look)).toMatchObject({ code: 'JOB_NOT_FOUND' });
  expect(await failure(bench.jobs.redrive(absent))).toMatchObject({ code: 'JOB_NOT_FOUND' });
  const good = await bench.jobs.submit('read', { file: await bench.file('a.wav', 'speech') });
  await good.result();
  expect(await failure(bench.jobs.redrive(good.id))).toMatchObject({ code: 'ILLEGAL_MOVE' });
  const bad = await bench.jobs.submit('fails', { file: await bench.file('a.wav', 'speech') });
  await bad.wait();
  expect((await bench.jobs.redrive(bad.id)).generation).toBe(2);
  expect((await bad.wait()).generation).toBe(2);
});

test('its own checks tell whether store, disk, memory and workers are there', async () => {
  const brought = { name: 'tool', check: () => Promise.resolve({ ok: false, detail: 'gone' }) };
  await using bench = await openBench({ operations: [{ ...read, healthChecks: [brought, brought] }], realTime: true });
  const answers = async (): Promise<Record<string, boolean>> => Object.fromEntries(await Promise.all(bench.jobs.healthChecks.map(async (check) => [check.name, (await check.check(AbortSignal.timeout(5_000))).ok] as const)));
  expect(await answers()).toEqual({ store: true, disk: true, memory: true, gpu: true, workers: true, tool: false });
  await using idle = await openBench({ operations: [], worker: false, realTime: true });
  expect((await idle.jobs.healthChecks.find(({ name }) => name === 'workers')?.check(AbortSignal.timeout(5_000)))?.ok).toBe(false);
});
