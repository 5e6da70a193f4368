import { once } from 'node:events';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { copy, heldOperation } from '../testing/sample-operations.ts';
import { form, leftFolders, openService, type OpenService } from '../testing/open-service.ts';
import { formParts, openRawRequest } from '../testing/raw-request.ts';

const mib = 1_048_576;
const { type, head, tail } = formParts();
const start = (headers: string): string => `POST /jobs HTTP/1.1\r\nhost: a\r\ncontent-type: ${type}\r\n${headers}\r\n\r\n`;
const small = { operations: [copy], jobs: { maxInputBytes: mib } } as const;
const noJobs = async ({ jobs, files }: OpenService): Promise<void> => {
  expect((await jobs.list()).jobs).toEqual([]);
  await expect.poll(files).toEqual([]);
};

afterAll(() => expect(leftFolders()).toEqual([]));

describe('a length that is declared', () => {
  test('beyond the limit is refused before a byte of the body is sent', async () => {
    await using service = await openService(small);
    using raw = await openRawRequest(service.port);
    raw.write(start(`content-length: ${4 * 1024 * mib}`));
    const answer = await raw.until('"code"');
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
    expect(answer).toContain('"code":"INPUT_TOO_LARGE"');
    expect(answer).toContain(`"maxBytes":${mib}`);
    await noJobs(service);
  });

  test('is judged before a client that asks first is told to go on', async () => {
    await using service = await openService(small);
    using refused = await openRawRequest(service.port);
    refused.write(start(`content-length: ${4 * mib}\r\nexpect: 100-continue`));
    expect(await refused.until('"code"')).toMatch(/^HTTP\/1.1 413 /);
    using taken = await openRawRequest(service.port);
    const body = `${head}speech${tail}`;
    taken.write(start(`content-length: ${body.length}\r\nexpect: 100-continue`));
    await taken.until('100 Continue');
    taken.write(body);
    expect(await taken.until('"cached"')).toContain('HTTP/1.1 202 ');
  });

  test('does not keep a client from reading the answer that sends on and on', async () => {
    await using service = await openService(small);
    const upload = request(`${service.url}/jobs`, { method: 'POST', headers: { 'content-type': type, 'content-length': 512 * mib } });
    const answered = once(upload, 'response');
    const chunk = Buffer.alloc(256 * 1024, 1);
    const endless = new Readable({ read() { this.push(chunk); } });
    upload.on('error', () => endless.destroy());
    endless.pipe(upload);
    const [response] = (await answered) as [{ readonly statusCode: number; resume(): void }];
    expect(response.statusCode).toBe(413);
    response.resume();
    endless.destroy();
    upload.destroy();
    await noJobs(service);
  });
});

test('a body that declares no length is cut off where the limit is', async () => {
  await using service = await openService(small);
  let sent = 0;
  const endless = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(Buffer.from(head)),
    async pull(controller) {
      sent += 65_536;
      controller.enqueue(new Uint8Array(65_536).fill(7));
      await pause(0);
    },
  });
  const response = await fetch(`${service.url}/jobs`, { method: 'POST', body: endless, duplex: 'half', headers: { 'content-type': type } });
  expect([response.status, await response.json()]).toMatchObject([413, { code: 'INPUT_TOO_LARGE', facts: { maxBytes: mib } }]);
  expect(sent).toBeLessThan(64 * mib);
  await noJobs(service);
});

test('a sender that is refused may go on for a moment, so that it comes to read why, and is then cut off', async () => {
  await using service = await openService(small);
  using raw = await openRawRequest(service.port);
  raw.write(start(`content-length: ${64 * mib}`));
  await raw.until('"code"');
  const began = performance.now();
  while (performance.now() - began < 500) {
    raw.write(Buffer.alloc(65_536, 1));
    await pause(20);
  }
  expect(raw.socket.destroyed).toBe(false);
  while (!raw.socket.destroyed) {
    raw.write(Buffer.alloc(65_536, 1));
    await pause(20);
  }
  expect(performance.now() - began).toBeLessThan(10_000);
  await noJobs(service);
});

test('a client that goes away half-way leaves nothing', async () => {
  await using service = await openService(small);
  using raw = await openRawRequest(service.port);
  raw.write(start('content-length: 500000'));
  raw.write(`${head}half a file`);
  await expect.poll(service.files).toHaveLength(1);
  raw.socket.destroy();
  await noJobs(service);
});

test('a client that falls silent is let go with a word, and leaves nothing', async () => {
  await using service = await openService({ ...small, http: { uploadStallMs: 200 } });
  using raw = await openRawRequest(service.port);
  raw.write(start('content-length: 500000'));
  raw.write(`${head}half a file`);
  expect(await raw.until('"code"')).toMatch(/^HTTP\/1.1 400 /);
  await raw.ended();
  await noJobs(service);
});

test('a form that falls silent between its parts is let go as well', async () => {
  await using service = await openService({ ...small, http: { uploadStallMs: 200 } });
  using raw = await openRawRequest(service.port);
  raw.write(start('content-length: 500000'));
  raw.write('--media-jobs-border\r\ncontent-disposition: form-data; name="note"\r\n\r\nhel');
  expect(await raw.until('"code"')).toMatch(/^HTTP\/1.1 400 [\s\S]*nothing came for 200 ms/);
  await noJobs(service);
});

test('a form that ends within its file is refused, and leaves nothing', async () => {
  await using service = await openService(small);
  using raw = await openRawRequest(service.port);
  const body = `${head}half a file`;
  raw.write(start(`content-length: ${body.length}`) + body);
  expect(await raw.until('"code"')).toMatch(/^HTTP\/1.1 400 /);
  await noJobs(service);
});

test('an upload that there is no room for is refused with a time to wait, before it is read', async () => {
  await using service = await openService({ operations: [copy], jobs: { diskReserveBytes: 1e18 } });
  using raw = await openRawRequest(service.port);
  raw.write(`${start('content-length: 500000')}${head}half a file`);
  const answer = await raw.until('"code"');
  expect(answer).toMatch(/^HTTP\/1.1 507 [\s\S]*retry-after: 30[\s\S]*"code":"DISK_FULL"/i);
  // Which folder of which disk that is, the log says.
  expect(answer).not.toContain(service.workFolder);
  await noJobs(service);
});

test('one upload too many at a time is told to come again', async () => {
  await using service = await openService({ ...small, http: { maxUploads: 1 } });
  using raw = await openRawRequest(service.port);
  raw.write(start('content-length: 500000'));
  raw.write(`${head}half a file`);
  await expect.poll(service.files).toHaveLength(1);
  const second = await service.post('/jobs', form('speech'));
  expect([second.status, second.headers.get('retry-after'), await second.json()]).toMatchObject([429, '1', { code: 'QUEUE_FULL', retryable: true }]);
  raw.socket.destroy();
  await expect.poll(async () => (await service.post('/jobs', form('speech'))).status).toBe(202);
});

test('of 200 uploads at once into a line that is full, each is either a job that ends or a refusal with a time to wait', async () => {
  const held = heldOperation({ concurrency: 1 });
  const slow = { ...copy, limits: { ...copy.limits, maxWaiting: 10, concurrency: 1 } };
  await using service = await openService({ operations: [slow, held.operation], http: { maxUploads: 500 }, jobs: { worker: false } });
  const answers = await Promise.all(Array.from({ length: 200 }, async (_, index) => {
    const response = await service.post('/jobs?operation=copy', form(`speech ${index}`));
    return { status: response.status, retryAfter: response.headers.get('retry-after'), body: (await response.json()) as { id?: string; code?: string } };
  }));
  const accepted = answers.filter(({ status }) => status === 202);
  const refused = answers.filter(({ status }) => status !== 202);
  expect(accepted).toHaveLength(10);
  for (const { status, retryAfter, body } of refused) expect([status, body.code, Number(retryAfter) > 0]).toEqual([429, 'QUEUE_FULL', true]);
  const ids = (await service.jobs.list({ states: ['queued'] })).jobs.map(({ id }) => id);
  expect(ids.toSorted()).toEqual(accepted.map(({ body }) => body.id ?? '').toSorted());
  // Each accepted upload is there, once; of the refused nothing is.
  await expect.poll(() => service.files().filter((name) => name.endsWith('input-0') || name.startsWith('received')).length).toBe(10);
});
