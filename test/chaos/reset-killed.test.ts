import { createHash } from 'node:crypto';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createMediaJobs, type AnyMediaJobs, type JobStore } from '@media-jobs/core';
import { scriptedOperation } from '@media-jobs/core/testing';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { storesUnderTest, type PreparedStore } from './stores-under-test.ts';
import { openStore } from './worker/open-store.ts';

vi.setConfig({ testTimeout: 240_000 });

const root = mkdtempSync(join(tmpdir(), 'media-jobs-reset-killed-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const seed = Number(process.env['CHAOS_SEED'] ?? 1);
const jobCount = 6;
const content = '12345';
const operations = () => [scriptedOperation({ name: 'file', script: [[{ do: 'write', name: 'out.txt', content }]] })] as const;

/** Paths and sizes of all files below `jobs`. */
function jobFiles(workFolder: string): { readonly files: number; readonly bytes: number } {
  const entries = readdirSync(join(workFolder, 'jobs'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return { files: entries.length, bytes: entries.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0) };
}

/** All records, those of older epochs among them. */
async function recordsIn(store: JobStore): Promise<number> {
  return (await store.list({}, { limit: 1_000 })).jobs.length + (await store.collect(0)).left;
}

describe.each(storesUnderTest)('on $name', (under) => {
  let prepared: PreparedStore;
  let workFolder: string;
  beforeEach(async () => {
    workFolder = mkdtempSync(join(root, 'work-'));
    prepared = await under.prepare(workFolder);
  });
  afterEach(() => prepared[Symbol.asyncDispose]());

  const open = async (worker: boolean): Promise<AnyMediaJobs> => createMediaJobs({ operations: operations(), worker, store: await openStore(prepared.spec), workFolder, diskReserveBytes: 0 });
  const finish = async (jobs: AnyMediaJobs, count: number): Promise<void> => {
    const submitted = await Promise.all(Array.from({ length: count }, (_, number) => jobs.submit('file', { number })));
    await Promise.all(submitted.map((job) => job.result()));
  };
  const startReset = async (phase: string): Promise<ChildProcess> => {
    const child = fork(fileURLToPath(new URL('./reset-child.ts', import.meta.url)), [JSON.stringify(prepared.spec), workFolder, phase], { execArgv: ['--conditions=@media-jobs/source'] });
    await once(child, 'message');
    return child;
  };
  const kill = async (child: ChildProcess): Promise<void> => {
    if (child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };

  test.each(['begin', 'stop', 'collect', 'verify', 'end'])('a resetting process that is killed in `%s` leaves nothing shut, and the next call completes with a report that adds up', async (phase) => {
    {
      await using jobs = await open(true);
      await finish(jobs, jobCount);
    }
    await kill(await startReset(phase));
    await using jobs = await open(false);
    // The gate that the dead process had shut keeps nobody out.
    await jobs.submit('file', { after: phase });
    await using store = await openStore(prepared.spec);
    const records = await recordsIn(store);
    const { files, bytes } = jobFiles(workFolder);
    expect({ records, files }).toMatchObject(phase === 'begin' || phase === 'stop' ? { records: jobCount + 1, files: jobCount } : {});
    const report = await jobs.reset({ level: 'deep' });
    expect(report).toMatchObject({ ok: true, errors: [], left: 0, jobsRemoved: records, filesDeleted: files, bytesFreed: bytes });
    expect(Object.values(report.perTarget).reduce((sum, target) => sum + target.filesDeleted, 0)).toBe(files);
    expect(jobFiles(workFolder)).toEqual({ files: 0, bytes: 0 });
    // Killed as it shut the gate, it may leave an empty file, which keeps nobody out.
    expect(readdirSync(join(workFolder, 'locks')).filter((name) => name !== 'refuse-new-work.json')).toEqual([]);
  });

  test('a resetting process that is killed at any moment, also in the middle of a phase, leaves what the next call finds, counts and removes', async () => {
    for (let round = 0; round < 4; round += 1) {
      {
        await using jobs = await open(true);
        await finish(jobs, 50);
      }
      const child = await startReset('none');
      child.send('begin');
      await setTimeout(createHash('sha256').update(`${seed} ${under.name} ${round}`).digest().readUInt16BE() % 150);
      await kill(child);
      await using jobs = await open(false);
      await using store = await openStore(prepared.spec);
      const [records, { files, bytes }] = [await recordsIn(store), jobFiles(workFolder)];
      expect(await jobs.reset({ level: 'deep' })).toMatchObject({ ok: true, errors: [], left: 0, jobsRemoved: records, filesDeleted: files, bytesFreed: bytes });
      expect([await recordsIn(store), jobFiles(workFolder)]).toEqual([0, { files: 0, bytes: 0 }]);
    }
  });

  test('what a dead reset left is collected by the cleanup pass of any process', async () => {
    await using jobs = await open(true);
    await finish(jobs, 1);
    const child = await startReset('begin');
    await using store = await openStore(prepared.spec);
    await vi.waitFor(async () => expect((await store.collect(0)).left).toBe(1), { timeout: 30_000 });
    await kill(child);
    expect(await jobs.sweep()).toMatchObject({ olderEpochs: { records: 1, files: 1, bytes: content.length }, errors: [] });
    expect(jobFiles(workFolder)).toEqual({ files: 0, bytes: 0 });
  });
});
