import { randomBytes } from 'node:crypto';
import { appendFileSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBullmqQueue } from '@media-jobs/bullmq';
import { createMediaJobs, type MediaJobsOptions } from '@media-jobs/core';
import { createFfmpeg, prepareSpeechOperation } from '@media-jobs/ffmpeg';
import { createRedisStore } from '@media-jobs/redis-store';
import { createS3FileStore } from '@media-jobs/s3-files';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { startRedis, type TestRedis } from '../packages/redis-store/src/testing/redis-server.ts';
import { startS3Front, type S3Front } from '../packages/s3-files/src/testing/s3-front.ts';
import { configFor, createBucket, keysIn } from '../packages/s3-files/src/testing/s3-harness.ts';
import { startS3Server, type TestS3Server } from '../packages/s3-files/src/testing/s3-server.ts';
import { filesBelow, processesOf, untilEmpty } from './command/leftovers.ts';
import { compileCache } from './command/make-jobs.ts';
import { runCommand, startCommand, talk, type RunningCommand } from './command/run-command.ts';

vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), 'media-jobs-two-machines-'));
const [here, there] = [join(folder, 'here'), join(folder, 'there')];
const started: RunningCommand[] = [];
let redis: TestRedis;
let s3: TestS3Server;
let front: S3Front;
let bucket: string;

beforeAll(async () => {
  [redis, s3] = await Promise.all([startRedis(), startS3Server()]);
  front = await startS3Front(s3.port);
  bucket = await createBucket(front.url);
});

afterEach(async () => {
  for (const { child } of started) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await Promise.all(started.map(({ ended }) => ended));
});

afterAll(async () => {
  const uploads = front.uploads.open();
  await front[Symbol.asyncDispose]();
  await Promise.all([s3[Symbol.asyncDispose](), redis[Symbol.asyncDispose]()]);
  expect(await untilEmpty(() => started.flatMap(({ child }) => processesOf(child.pid ?? 0)))).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
  expect(uploads).toEqual([]);
});

const ffmpeg = createFfmpeg();

/** The machine where jobs are submitted; it runs none. */
function openHere(options: Partial<MediaJobsOptions> = {}) {
  return createMediaJobs({
    operations: [prepareSpeechOperation({ ffmpeg })],
    store: createRedisStore({ url: redis.url }), queue: createBullmqQueue({ connection: redis.url }), files: createS3FileStore({ bucket, prefix: 'team', config: configFor(front.url) }),
    workFolder: here, worker: false, pollIntervalMs: 100, diskReserveBytes: 0, ...options,
  });
}

const s3Environment = () => ({ ...compileCache, AWS_ENDPOINT_URL_S3: front.url, AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
const place = (): readonly string[] => ['--redis', redis.url, '--files', `s3://${bucket}/team`, '--work-folder', there];

/** The machine that works, a process of its own with a work folder of its own. */
function startThere(): RunningCommand {
  const command = startCommand(['worker', '--operations', 'prepare-speech', ...place()], { environment: s3Environment() });
  started.push(command);
  return command;
}

const objects = (): Promise<string[]> => keysIn(front.url, bucket, 'team/');

const jobFiles = (machine: string): string[] => filesBelow(join(machine, 'jobs'));

/** The film with bytes behind its end that no decoder minds, so that each test has a job of its own. */
function film(name: string, moreBytes = 8): string {
  const path = join(folder, name);
  copyFileSync(talk, path);
  const free = Buffer.alloc(8);
  free.writeUInt32BE(moreBytes + 8);
  free.write('free', 4, 'latin1');
  appendFileSync(path, Buffer.concat([free, randomBytes(moreBytes)]));
  return path;
}

test('speech is prepared on a machine that shares no folder, and its file comes back byte for byte; a reset leaves no object and no file on either', async () => {
  startThere();
  await using jobs = await openHere();
  const job = await jobs.submit('prepare-speech', { file: film('one.mp4') });
  expect(jobFiles(here)).toEqual([]);
  expect(await job.result()).toMatchObject({ durationSeconds: expect.any(Number) as number });
  const files = Object.entries(await job.files());
  expect(files.length).toBeGreaterThan(0);
  const { outputFolder } = await job.record();
  for (const [name, { path }] of files) expect(readFileSync(path).equals(readFileSync(join(there, outputFolder ?? '', name)))).toBe(true);
  await expect.poll(async () => new Set(await objects())).toEqual(new Set(files.map(([, { sha256 }]) => `team/${outputFolder}/${sha256}`)));
  expect(await jobs.reset({ level: 'deep', queue: true })).toMatchObject({ ok: true, left: 0, errors: [], perTarget: { 'stored files': { filesDeleted: files.length } } });
  expect([await objects(), jobFiles(here)]).toEqual([[], []]);
  await expect.poll(() => jobFiles(there)).toEqual([]);
});

test('a worker that is killed in the middle of a fetch costs nothing but time: the next one goes on with the file where it was', async () => {
  const held = 3 * 1024 * 1024;
  front.faults = [{ do: 'stall', afterBytes: held }];
  const killed = startThere();
  await using jobs = await openHere();
  const job = await jobs.submit('prepare-speech', { file: film('two.mp4', 2 * held) });
  const part = (): string | undefined => jobFiles(there).find((path) => path.endsWith('.part'));
  await expect.poll(() => existsSync(join(there, 'jobs', part() ?? 'none')) && statSync(join(there, 'jobs', part() ?? '')).size, { timeout: 30_000 }).toBeGreaterThan(held / 2);
  killed.child.kill('SIGKILL');
  await killed.ended;
  const { size } = statSync(join(there, 'jobs', part() ?? ''));
  startThere();
  expect(await job.wait()).toMatchObject({ state: 'completed', losses: 1, attempts: 1 });
  expect(front.seen.filter((line) => line.includes('bytes=')).map((line) => line.split(' ').at(-1))).toEqual([`bytes=${size}-`]);
  await expect.poll(() => jobFiles(there).filter((path) => path.includes('input') || path.endsWith('.part'))).toEqual([]);
  expect(statSync(Object.values(await job.files())[0]?.path ?? '').size).toBeGreaterThan(1_000);
});

test('with their time to live the objects of jobs go, by a sweep of any machine, also one by hand', async () => {
  startThere();
  await using jobs = await openHere({ ttlHours: 0.0005 });
  const before = (await objects()).length;
  const job = await jobs.submit('prepare-speech', { file: film('three.mp4') });
  const { expiresAt } = await job.wait();
  expect((await objects()).length).toBeGreaterThan(before);
  await expect.poll(() => Date.now()).toBeGreaterThan(expiresAt ?? Infinity);
  const { exitCode, stdout } = await runCommand(['sweep', '--json', ...place()], { environment: s3Environment() });
  expect({ exitCode, ...(JSON.parse(stdout) as object) }).toMatchObject({ exitCode: 0, expired: { jobs: 1 }, errors: [] });
  await expect.poll(async () => (await objects()).length).toBe(before);
});

test('a place that is none, or one without Redis, is refused by name', async () => {
  const fail = async (...words: readonly string[]) => runCommand(['worker', '--operations', 'prepare-speech', '--work-folder', there, ...words], { environment: s3Environment() });
  expect(await fail('--redis', redis.url, '--files', 's3:bucket')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('s3://BUCKET/PREFIX') as string });
  expect(await fail('--files', './shared')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--redis') as string });
});
