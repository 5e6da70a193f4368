import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { processesOf, untilEmpty } from '../command/leftovers.ts';
import { isPoison } from './fleet-operation.ts';
import { playSeed, type Played } from './play-seed.ts';

/** `npm run test:chaos` plays 20 seeds with 8 workers and 2,000 jobs; `npm test` one with fewer. `CHAOS_SEED` plays that one. */
const whole = process.env['FLEET'] === 'whole';
const firstSeed = Number(process.env['CHAOS_SEED'] ?? 1);
const seeds = Array.from({ length: whole && process.env['CHAOS_SEED'] === undefined ? 20 : 1 }, (_, index) => firstSeed + index);
const size = whole ? { workers: 8, jobs: 2_000, everyMs: 1_000 } : { workers: 3, jobs: 150, everyMs: 900 };

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  expect(await untilEmpty(() => processesOf(process.pid)), 'No worker, and no program of one, is left').toEqual([]);
});

test.each(seeds)('a fleet that is killed, frozen, cut off and reset ends every job once (seed %i)', { timeout: 600_000 }, async (seed) => {
  const folder = mkdtempSync(join(tmpdir(), 'media-jobs-fleet-'));
  folders.push(folder);
  await playSeed({ seed, ...size, workFolder: folder }, async (played) => {
    const { disturbances: done, workersStarted, wallMs } = played;
    // Which seed, and what happened, is what a failure is looked for by.
    process.stdout.write(`seed ${seed}: ${played.records.length} jobs, ${workersStarted} workers started, ${done.length} disturbances (${[...new Set(done)].join(', ')}), ${Math.round(wallMs)} ms\n`);
    expectEnds(played);
    await expectAgreement(played);
    await expectNoOrphans(played, folder);
  });
});

function expectEnds({ records, numbers }: Played): void {
  for (const record of records) {
    const number = numbers.get(record.id) ?? -1;
    const told = `${record.id}, job ${number}: ${JSON.stringify(record.history)}`;
    const commits = record.history.filter(({ ended }) => ended === 'completed').length;
    if (isPoison(number)) expect(record, told).toMatchObject({ state: 'failed', deadLetter: 'workers-lost', losses: 3 });
    else expect({ state: record.state, commits, output: record.output }, told).toMatchObject({ state: 'completed', commits: 1, output: { number } });
  }
}

/** The queue has nothing in line that the store has not, and the store waits for nothing. */
async function expectAgreement({ open: { store, queue } }: Played): Promise<void> {
  const { byState } = await store.stats();
  expect(byState).toMatchObject({ queued: 0, running: 0, retrying: 0, expiring: 0 });
  const { waiting } = await queue.depth();
  const [line] = await queue.queues();
  const entries = (await line?.getJobs(['wait', 'prioritized', 'delayed'])) ?? [];
  expect(entries.length).toBe(waiting);
  for (const { data } of entries) {
    const { id, sequence } = data as { readonly id: string; readonly sequence: number };
    expect((await store.get(id))?.sequence ?? Infinity, 'What still stands in the queue is of the past').toBeGreaterThanOrEqual(sequence);
  }
}

/** Folders are those that records name; after a last reset there are no folders, no records and no entries. */
async function expectNoOrphans({ records, workersStarted, open: { jobs, store }, entryKeys }: Played, folder: string): Promise<void> {
  const swept = await jobs.sweep();
  expect(swept.errors).toEqual([]);
  const named = new Set(records.flatMap(({ outputFolder, inputFolder }) => [outputFolder, inputFolder]).filter((name) => name !== null));
  expect(new Set(jobFoldersIn(folder))).toEqual(named);
  expect(await jobs.reset({ level: 'deep', queue: true })).toMatchObject({ ok: true, errors: [] });
  expect(jobFoldersIn(folder)).toEqual([]);
  expect((await store.list({}, { limit: 10 })).jobs).toEqual([]);
  expect(await store.collect(0)).toMatchObject({ left: 0 });
  // What was handed out when its worker died waits for BullMQ's next look, one for each process; whoever gets it does nothing.
  const entries = (await entryKeys()).filter((key) => !key.endsWith(':lock'));
  expect(entries.length).toBeLessThanOrEqual(workersStarted);
}

function jobFoldersIn(folder: string): readonly string[] {
  const jobs = join(folder, 'jobs');
  if (!existsSync(jobs)) return [];
  return readdirSync(jobs, { recursive: true, encoding: 'utf8' }).filter((name) => name.split('/').length === 3).map((name) => `jobs/${name}`);
}
