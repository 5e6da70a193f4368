import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { newEpoch, newToken, type FileStore, type StoredFile } from '@media-jobs/core';
import { createS3FileStore, type S3FileStoreOptions } from '@media-jobs/s3-files';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startS3Front, type S3Front } from './testing/s3-front.ts';
import { configFor, createBucket } from './testing/s3-harness.ts';
import { startS3Server, type TestS3Server } from './testing/s3-server.ts';

let server: TestS3Server;
let front: S3Front;
let folder: string;
let bucket: string;

beforeAll(async () => {
  server = await startS3Server();
  front = await startS3Front(server.port);
  folder = await mkdtemp(join(tmpdir(), 'media-jobs-s3-faults-'));
  bucket = await createBucket(front.url);
});

beforeEach(() => {
  front.faults = [];
});

afterAll(async () => {
  await rm(folder, { recursive: true });
  const open = front.uploads.open();
  await front[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  expect(open, 'Every upload in parts is completed or ended').toEqual([]);
});

const storeWith = (options: Partial<S3FileStoreOptions> = {}): FileStore => createS3FileStore({ bucket, config: configFor(front.url), ...options });

async function source(bytes: number): Promise<{ readonly path: string; readonly content: Buffer; readonly file: StoredFile }> {
  const content = randomBytes(bytes);
  const path = join(folder, newToken());
  await writeFile(path, content);
  return { path, content, file: { folder: `jobs/${newEpoch(Date.now())}/mj_${newToken()}/${newToken()}`, sha256: createHash('sha256').update(content).digest('hex'), bytes } };
}

const mebibyte = 1024 * 1024;

test('a file goes up in parts of the size that is asked for, and a small one in one request', async () => {
  await using store = storeWith({ partMiB: 5 });
  const requestsFor = async (bytes: number): Promise<string[]> => {
    const { path, file } = await source(bytes);
    const before = front.seen.length;
    await store.put(file, path);
    expect(await store.sizeOf(file)).toBe(bytes);
    return front.seen.slice(before).map((line) => line.split(' ')[0] ?? '');
  };
  expect(await requestsFor(5 * mebibyte)).toEqual(['PUT', 'HEAD']);
  expect(await requestsFor(11 * mebibyte)).toEqual(['POST', 'PUT', 'PUT', 'PUT', 'POST', 'HEAD']);
});

test('an upload in parts that is aborted is ended at the server before the call rejects', async () => {
  await using store = storeWith({ partMiB: 5 });
  const { path, file } = await source(30 * mebibyte);
  const controller = new AbortController();
  const putting = store.put(file, path, { signal: controller.signal });
  await expect.poll(() => front.uploads.open(), { interval: 1 }).toHaveLength(1);
  controller.abort();
  await expect(putting).rejects.toMatchObject({ code: 'ABORTED' });
  expect([front.uploads.open(), await store.sizeOf(file)]).toEqual([[], null]);
});

test('a stream that is cut fails, and the rest is asked for by its range', async () => {
  await using store = storeWith();
  const { path, content, file } = await source(3 * mebibyte);
  await store.put(file, path);
  front.faults = [{ do: 'cut', afterBytes: mebibyte }];
  const first: Buffer[] = [];
  await expect((async () => {
    for await (const chunk of await store.open(file, 0)) first.push(chunk as Buffer);
  })()).rejects.toThrow();
  const got = Buffer.concat(first);
  const rest: Buffer[] = [];
  for await (const chunk of await store.open(file, got.length)) rest.push(chunk as Buffer);
  expect(Buffer.concat([got, ...rest]).equals(content)).toBe(true);
  expect(front.seen.at(-1)).toContain(`bytes=${got.length}-`);
});

test('a server that is away is a file store that does not answer, for every call', async () => {
  await using store = storeWith();
  const { path, file } = await source(1_000);
  front.faults = [{ do: 'refuse' }];
  const calls = [() => store.put(file, path), () => store.open(file, 0), () => store.sizeOf(file), () => store.epochs(), () => Array.fromAsync(store.folders('epoch')), () => store.remove(file.folder)];
  for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE' });
  front.faults = [];
  await store.put(file, path);
  expect(await store.sizeOf(file)).toBe(1_000);
});

test('a bucket that is not there is named as the reason', async () => {
  await using store = storeWith({ bucket: 'no-such-bucket' });
  await expect(store.epochs()).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE', message: expect.stringMatching(/bucket/i) as unknown });
});

test('a client of the caller stays open', async () => {
  const client = new S3Client(configFor(front.url));
  const { path, file } = await source(1_000);
  for (let round = 0; round < 2; round += 1) {
    await using store = createS3FileStore({ bucket, client });
    await store.put(file, path);
  }
  await expect(createS3FileStore({ bucket, client }).sizeOf(file)).resolves.toBe(1_000);
  client.destroy();
});

test.each([
  ['bucket', { bucket: '' }], ['prefix', { prefix: '/absolute' }], ['prefix', { prefix: 'a//b' }], ['partMiB', { partMiB: 4 }], ['partMiB', { partMiB: 6_000 }], ['config', { client: {} as S3Client }],
] as const)('a wrong `%s` is refused before anything is connected: %j', (option, options) => {
  expect(() => storeWith(options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', facts: expect.objectContaining({ option }) as unknown }) as Error);
});
