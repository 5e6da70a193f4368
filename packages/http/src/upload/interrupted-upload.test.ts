import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMediaJobs } from '@media-jobs/core';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import { afterAll, expect, test } from 'vitest';
import { copy } from '../testing/sample-operations.ts';
import { leftFolders, openService } from '../testing/open-service.ts';
import { formParts, openRawRequest } from '../testing/raw-request.ts';
import { sendUpload } from '../testing/send-upload.ts';
import { startService } from '../testing/start-service.ts';

const { type, head } = formParts();
const start = `POST /jobs HTTP/1.1\r\nhost: a\r\ncontent-type: ${type}\r\ncontent-length: 500000\r\n\r\n${head}half a file`;

afterAll(() => expect(leftFolders()).toEqual([]));

test('an upload that the service is killed in is gone when the next one opens its work folder', async () => {
  await using service = await startService();
  const { workFolder } = service;
  using raw = await openRawRequest(service.port);
  raw.write(start);
  const received = (): readonly string[] => readdirSync(join(workFolder, 'temp')).filter((name) => name.startsWith('received'));
  await expect.poll(received, { timeout: 5_000 }).toHaveLength(1);
  await service.kill();
  expect(received()).toHaveLength(1);
  await using jobs = await createMediaJobs({ operations: [copy], store: createSqliteStore({ file: join(workFolder, 'jobs.db') }), workFolder });
  expect(received()).toEqual([]);
  expect((await jobs.list()).jobs).toEqual([]);
});

test('the memory of a service stays flat while 192 MiB come in', async () => {
  await using service = await startService();
  const mib = 1_048_576;
  // The most that it has ever held, by the kernel.
  const most = (): number => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${service.pid}/status`, 'utf8'))?.[1]) * 1_024;
  expect(await sendUpload(service.url, 64 * mib)).toBe(202);
  const before = most();
  expect(await sendUpload(service.url, 192 * mib)).toBe(202);
  expect(most() - before).toBeLessThan(64 * mib);
});

test.each([['within its file', start], ['between its parts', start.slice(0, start.indexOf(head) + 40)]])('an upload that a closing of the service meets %s is told to come again, and leaves nothing', async (_where, sent) => {
  const service = await openService({ operations: [copy] });
  using raw = await openRawRequest(service.port);
  const arrived = once(service.app.server, 'request');
  raw.write(sent);
  await arrived;
  if (sent === start) await expect.poll(service.files).toHaveLength(1);
  const closing = service.app.close();
  const answer = await raw.until('"code"');
  expect(answer).toMatch(/^HTTP\/1.1 503 [\s\S]*retry-after: 5[\s\S]*"code":"CLOSED"/i);
  expect(service.files()).toEqual([]);
  await closing;
  await service[Symbol.asyncDispose]();
});

test('a deep reset in the middle of an upload takes nothing from it: its job belongs to what comes after', async () => {
  await using service = await openService({ operations: [copy] });
  using raw = await openRawRequest(service.port);
  const body = `${head}${'speech '.repeat(1_000)}${formParts().tail}`;
  raw.write(`POST /jobs HTTP/1.1\r\nhost: a\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 2_000)}`);
  await expect.poll(service.files).toHaveLength(1);
  expect(await (await service.post('/admin/cleanup?deep=true')).json()).toMatchObject({ ok: true });
  raw.write(body.slice(2_000));
  const answer = await raw.until('"cached"');
  expect(answer).toMatch(/^HTTP\/1.1 202 /);
  const { id } = (await service.jobs.list()).jobs[0] ?? { id: '' };
  expect(await (await service.get(`/jobs/${id}/wait`)).json()).toMatchObject({ status: 'completed', output: { bytes: 7_000 } });
});
