import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createMediaJobs } from '@media-jobs/core';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import { afterAll, expect, test } from 'vitest';
import { copy } from '../testing/sample-operations.ts';
import { leftFolders, openService } from '../testing/open-service.ts';
import { formParts, openRawRequest } from '../testing/raw-request.ts';

const { type, head } = formParts();
const start = `POST /jobs HTTP/1.1\r\nhost: a\r\ncontent-type: ${type}\r\ncontent-length: 500000\r\n\r\n${head}half a file`;

afterAll(() => expect(leftFolders()).toEqual([]));

test('an upload that the service is killed in is gone when the next one opens its work folder', async () => {
  const workFolder = await mkdtemp(join(tmpdir(), 'media-jobs-http-killed-'));
  const program = fileURLToPath(new URL('../testing/serve-until-killed.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@media-jobs/source', program, workFolder], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [port] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
    using raw = await openRawRequest(Number(port));
    raw.write(start);
    const received = (): readonly string[] => readdirSync(join(workFolder, 'temp')).filter((name) => name.startsWith('received'));
    await expect.poll(received, { timeout: 5_000 }).toHaveLength(1);
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(received()).toHaveLength(1);
    await using jobs = await createMediaJobs({ operations: [copy], store: createSqliteStore({ file: join(workFolder, 'jobs.db') }), workFolder });
    expect(received()).toEqual([]);
    expect((await jobs.list()).jobs).toEqual([]);
  } finally {
    child.kill('SIGKILL');
    await rm(workFolder, { recursive: true, force: true });
  }
  expect(existsSync(workFolder)).toBe(false);
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
