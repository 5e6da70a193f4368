import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createMediaJobs } from '@media-jobs/core';
import { scriptedOperation } from '@media-jobs/core/testing';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import { afterAll, expect, test, vi } from 'vitest';

vi.setConfig({ testTimeout: 120_000 });

const root = mkdtempSync(join(tmpdir(), 'media-jobs-reset-killed-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const jobCount = 6;

/** Paths and sizes of all files below `jobs`. */
function jobFiles(workFolder: string): { readonly files: number; readonly bytes: number } {
  const entries = readdirSync(join(workFolder, 'jobs'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return { files: entries.length, bytes: entries.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0) };
}

test.each(['begin', 'stop', 'collect', 'verify', 'end'])('a resetting process that is killed in `%s` leaves nothing shut, and the next call completes with a report that adds up', async (phase) => {
  const workFolder = join(root, phase);
  const file = join(workFolder, 'jobs.db');
  const open = (worker: boolean) =>
    createMediaJobs({ operations: [scriptedOperation({ name: 'file', script: [[{ do: 'write', name: 'out.txt', content: '12345' }]] })], worker, store: createSqliteStore({ file }), workFolder, diskReserveBytes: 0 });
  {
    await using jobs = await open(true);
    for (let number = 0; number < jobCount; number += 1) await (await jobs.submit('file', { number })).result();
  }
  const child = fork(fileURLToPath(new URL('./reset-child.ts', import.meta.url)), [file, workFolder, phase], { execArgv: ['--conditions=@media-jobs/source'] });
  await once(child, 'message');
  child.kill('SIGKILL');
  await once(child, 'exit');

  await using jobs = await open(false);
  // The gate that the dead process had shut keeps nobody out.
  await jobs.submit('file', { after: phase });
  await using store = createSqliteStore({ file });
  const records = (await store.list({}, { limit: 100 })).jobs.length + (await store.collect(0)).left;
  const { files, bytes } = jobFiles(workFolder);
  expect({ records, files }).toMatchObject(phase === 'begin' || phase === 'stop' ? { records: jobCount + 1, files: jobCount } : {});
  const report = await jobs.reset({ level: 'deep' });
  expect(report).toMatchObject({ ok: true, errors: [], left: 0, jobsRemoved: records, filesDeleted: files, bytesFreed: bytes });
  expect(Object.values(report.perTarget).reduce((sum, target) => sum + target.filesDeleted, 0)).toBe(files);
  expect(jobFiles(workFolder)).toEqual({ files: 0, bytes: 0 });
  // Killed as it shut the gate, it may leave an empty file, which keeps nobody out.
  expect(readdirSync(join(workFolder, 'locks')).filter((name) => name !== 'refuse-new-work.json')).toEqual([]);
});

test('what a dead reset left is collected by the cleanup pass of any process', async () => {
  const workFolder = join(root, 'pass');
  const file = join(workFolder, 'jobs.db');
  await using jobs = await createMediaJobs({ operations: [scriptedOperation({ name: 'file', script: [[{ do: 'write', name: 'out.txt', content: '12345' }]] })], store: createSqliteStore({ file }), workFolder, diskReserveBytes: 0 });
  await (await jobs.submit('file', {})).result();
  const child = fork(fileURLToPath(new URL('./reset-child.ts', import.meta.url)), [file, workFolder, 'begin'], { execArgv: ['--conditions=@media-jobs/source'] });
  await once(child, 'message');
  await using store = createSqliteStore({ file });
  await vi.waitFor(async () => expect((await store.collect(0)).left).toBe(1), { timeout: 30_000 });
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await jobs.sweep()).toMatchObject({ olderEpochs: { records: 1, files: 1, bytes: 5 }, errors: [] });
  expect(jobFiles(workFolder)).toEqual({ files: 0, bytes: 0 });
});
