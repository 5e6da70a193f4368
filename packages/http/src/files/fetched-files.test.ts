import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFolderFileStore, createMediaJobs, type MediaJobs } from '@media-jobs/core';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { form, leftFolders, openService, type OpenService } from '../testing/open-service.ts';
import { copiedNames, copy } from '../testing/sample-operations.ts';

const content = Array.from({ length: 10_000 }, (_, index) => `line ${index}\n`).join('');
let folder: string;
let service: OpenService;
let elsewhere: MediaJobs<readonly [typeof copy]>;
let id = '';

const files = () => createFolderFileStore({ folder: join(folder, 'files') });
const store = () => createSqliteStore({ file: join(folder, 'jobs.db') });
/** Names of artifacts in the work folder of the machine that serves. */
const here = (): string[] => service.files().filter((path) => copiedNames.some((name) => path.endsWith(name)));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'media-jobs-http-files-'));
  elsewhere = await createMediaJobs({ operations: [copy], store: store(), files: files(), workFolder: join(folder, 'work'), pollIntervalMs: 20, diskReserveBytes: 0 });
  service = await openService({ operations: [copy], jobs: { store: store(), files: files(), worker: false } });
  id = ((await (await service.post('/jobs?operation=copy', form(content))).json()) as { id: string }).id;
  await service.get(`/jobs/${id}/wait`);
});
afterEach(async () => {
  await service[Symbol.asyncDispose]();
  await elsewhere.close({ deadlineMs: 0 });
  await rm(folder, { recursive: true });
});
afterAll(() => expect(leftFolders()).toEqual([]));

test('a file that another machine made is fetched when it is asked for, and no other; ranges of it are answered', async () => {
  expect(here()).toEqual([]);
  const response = await service.get(`/jobs/${id}/download`, { headers: { range: 'bytes=5-9' } });
  expect([response.status, await response.text()]).toEqual([206, content.slice(5, 10)]);
  expect(here()).toHaveLength(1);
  expect(await (await service.get(`/jobs/${id}/download`)).text()).toBe(content);
});

test('a name that is none of the job is not looked for', async () => {
  expect((await service.get(`/jobs/${id}/files/none.txt`)).status).toBe(404);
  expect(here()).toEqual([]);
});

test('a file that the file store has lost is gone, and says so', async () => {
  const { outputFolder } = await elsewhere.record(id);
  await using lost = files();
  await lost.remove(outputFolder ?? '');
  const response = await service.get(`/jobs/${id}/download`);
  expect([response.status, await response.json()]).toEqual([410, expect.objectContaining({ code: 'FILE_MISSING' })]);
});

test('the service is healthy though its own process runs nothing: workers have folders of their own', async () => {
  expect(await (await service.get('/health')).json()).toMatchObject({ checks: expect.arrayContaining([expect.objectContaining({ name: 'files', ok: true }), expect.objectContaining({ name: 'workers', ok: true })]) as unknown });
});
