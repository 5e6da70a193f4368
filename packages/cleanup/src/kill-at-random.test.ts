import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openWorkFolder } from '@media-jobs/cleanup';
import { describeOwner, ownerId, parseOwner, processesOf } from '@media-jobs/process';
import { expect, test } from 'vitest';
import { randomId, tempName } from './names.ts';
import { startChild } from './testing/child.ts';
import { useScratch } from './testing/scratch.ts';

const scratch = useScratch();
/** `npm run test:leaks` for the long run. */
const runs = Number(process.env['KILL_RUNS'] ?? 20);
/** A round of the child takes about 5 ms here, so that every step of it is hit. */
const longestMs = 25;

/** What a process left whose pid belongs to this one now. */
function leaveWithOurPid(folder: string): void {
  const [self, name] = [parseOwner(ownerId()), tempName()];
  const owner = describeOwner({ ...self, start: self.start - 1 });
  writeFileSync(join(folder, 'temp', name), 'x');
  writeFileSync(join(folder, 'ledger', `${owner}.${randomId()}.jsonl`), `${JSON.stringify({ owner, tempFolder: null })}\n${JSON.stringify({ do: 'record', kind: 'temp', at: name })}\n`);
}

test(`${runs} processes that are killed at random moments leave neither file nor program after the next sweep, and what the living hold stays`, { timeout: runs * 10_000 }, async () => {
  await using work = await openWorkFolder({ folder: scratch.path('work') });
  mkdirSync(scratch.path('outputs'));
  await using mine = await work.temp.file();
  mkdirSync(scratch.path('others'));
  const living = startChild('hold-things', [work.path, scratch.path('others', 'out.wav')]);
  const held = (await living.next()) as { readonly paths: readonly string[]; readonly grandchild: number };
  const inTemp = [mine.path, ...held.paths].filter((path) => path.startsWith(work.tempFolder)).sort();
  const before = new Set(await work.listJobFolders());
  for (let run = 0; run < runs; run += 1) {
    const child = startChild('hold-things', [work.path, scratch.path('outputs', 'out.wav'), 'churn']);
    const { owner } = (await child.next()) as { readonly owner: string };
    await pause(Math.random() * longestMs);
    await child.kill();
    leaveWithOurPid(work.path);
    const { errors } = await work.sweep();
    expect(errors).toEqual([]);
    expect(await processesOf(owner)).toEqual([]);
    const staged = await work.stagedFolders();
    for (const folder of await work.listJobFolders()) if (!staged.has(folder) && !before.has(folder)) await work.removeJobFolder(folder);
    expect(readdirSync(scratch.path('outputs'))).toEqual([]);
    expect(readdirSync(work.tempFolder).map((name) => join(work.tempFolder, name)).sort()).toEqual(inTemp);
    expect(new Set(await work.listJobFolders())).toEqual(before);
    expect(readdirSync(join(work.path, 'ledger'))).toHaveLength(2);
  }
  expect(held.paths.filter((path) => !existsSync(path))).toEqual([]);
  expect(existsSync(`/proc/${held.grandchild}`)).toBe(true);
  await living.kill();
  await work.sweep();
  expect(held.paths.filter(existsSync)).toEqual([]);
});

test('processes that are killed while they open a new work folder leave one that opens', { timeout: runs * 10_000 }, async () => {
  for (let run = 0; run < runs / 4; run += 1) {
    const folder = scratch.path(`work-${run}`);
    const child = startChild('hold-things', [folder, scratch.path('out.wav'), 'churn']);
    // The first trace of the work of the child, then a moment more.
    while (!existsSync(folder)) await pause(1);
    await pause(Math.random() * 10);
    await child.kill();
    await using work = await openWorkFolder({ folder });
    await using file = await work.temp.file();
    // A draft of the marker has no ledger yet; it goes with what is unnamed for seven days.
    expect(readdirSync(work.tempFolder).filter((name) => !name.startsWith('marker-'))).toEqual([basename(file.path)]);
    expect(readdirSync(join(work.path, 'ledger'))).toHaveLength(1);
  }
});
