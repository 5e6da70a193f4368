import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openWorkFolder } from '@media-jobs/cleanup';
import { processesOf } from '@media-jobs/process';
import { expect, test } from 'vitest';
import { startChild } from './testing/child.ts';
import { useScratch } from './testing/scratch.ts';

const scratch = useScratch();
/** `KILL_RUNS=300` for the long run. */
const runs = Number(process.env['KILL_RUNS'] ?? 20);
/** A round of the child takes about 5 ms here, so that every step of it is hit. */
const longestMs = 25;

test(`${runs} processes that are killed at random moments leave nothing after the next sweep`, { timeout: runs * 3_000 }, async () => {
  await using work = await openWorkFolder({ folder: scratch.path('work') });
  mkdirSync(scratch.path('outputs'));
  await using mine = await work.temp.file();
  for (let run = 0; run < runs; run += 1) {
    const child = startChild('hold-things', [work.path, scratch.path('outputs', 'out.wav'), 'churn']);
    const { owner } = (await child.next()) as { readonly owner: string };
    await pause(Math.random() * longestMs);
    await child.kill();
    const { errors } = await work.sweep();
    expect(errors).toEqual([]);
    expect(await processesOf(owner)).toEqual([]);
    const staged = await work.stagedFolders();
    for (const folder of await work.listJobFolders()) if (!staged.has(folder)) await work.removeJobFolder(folder);
    expect(readdirSync(scratch.path('outputs'))).toEqual([]);
    expect(readdirSync(work.tempFolder).map((name) => join(work.tempFolder, name))).toEqual([mine.path]);
    expect(await work.listJobFolders()).toEqual([]);
    expect(readdirSync(join(work.path, 'ledger'))).toHaveLength(1);
  }
});
