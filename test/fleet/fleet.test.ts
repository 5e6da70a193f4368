import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { processesOf, untilEmpty } from '../command/leftovers.ts';
import { disturbances } from './disturbances.ts';
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
  const [workFolder, journal] = [join(folder, 'work'), join(folder, 'journal')];
  const clientsLeft = await playSeed({ seed, ...size, workFolder, journal }, async (played) => {
    const { disturbances: done, workersStarted, wallMs } = played;
    const attempts = attemptsIn(journal);
    const lost = attempts.filter(({ ended }) => ended === 'lost').length;
    // Which seed, and what happened, is what a failure is looked for by.
    process.stdout.write(`seed ${seed}: ${played.records.length} jobs, ${attempts.length} attempts told, ${lost} of them lost, ${workersStarted} workers started, ${done.length} disturbances (${[...new Set(done)].join(', ')}), ${Math.round(wallMs)} ms\n`);
    if (whole) expect(new Set(done), 'Each disturbance was played').toEqual(new Set(disturbances));
    expectEnds(played, workFolder);
    expectUniqueCommits(attempts);
    await expectAgreement(played);
    await expectNoOrphans(played, workFolder);
  });
  expect(clientsLeft, 'Only the client that counts is left').toBe(1);
});

function expectEnds({ records, numbers }: Played, workFolder: string): void {
  for (const record of records) {
    const number = numbers.get(record.id) ?? -1;
    const told = `${record.id}, job ${number}: ${JSON.stringify(record.history)}`;
    const commits = record.history.filter(({ ended }) => ended === 'completed').length;
    if (isPoison(number)) {
      expect(record, told).toMatchObject({ state: 'failed', deadLetter: 'workers-lost', losses: 3 });
      continue;
    }
    expect({ state: record.state, commits, output: record.output }, told).toMatchObject({ state: 'completed', commits: 1, output: { number } });
    expect(readFileSync(join(workFolder, record.outputFolder ?? '', 'mark.txt'), 'utf8'), told).toBe(String(number));
  }
  expect(new Set(records.map(({ outputFolder }) => outputFolder).filter((name) => name !== null)).size, 'No two jobs share a folder').toBe(records.filter(({ outputFolder }) => outputFolder !== null).length);
}

interface ToldAttempt {
  readonly id: string;
  readonly ended: string;
}

/** What the workers wrote down themselves, each line one attempt whose end the store has answered. */
function attemptsIn(journal: string): readonly ToldAttempt[] {
  return readFileSync(journal, 'utf8').trimEnd().split('\n').map((line) => {
    const [id = '', ended = ''] = line.split(' ');
    return { id, ended };
  });
}

/** Two workers may have done the same job; that both were told they completed it may not be. A reset takes the job, and its id with it. */
function expectUniqueCommits(attempts: readonly ToldAttempt[]): void {
  const completed = attempts.flatMap(({ id, ended }) => (ended === 'completed' ? [id] : []));
  expect(completed.filter((id, index) => completed.indexOf(id) !== index), 'Commits that were told twice').toEqual([]);
}

/** The queue has nothing in line that the store has not, and the store waits for nothing. */
async function expectAgreement({ depth, open: { store } }: Played): Promise<void> {
  const { byState } = await store.stats();
  expect(byState).toMatchObject({ queued: 0, running: 0, retrying: 0, expiring: 0 });
  expect(depth).toEqual({ waiting: 0, running: 0 });
}

/** Folders are those that records name; after a last reset there are no folders, no records and no entries. */
async function expectNoOrphans({ records, open: { jobs, store }, keysOfJobs }: Played, folder: string): Promise<void> {
  const swept = await jobs.sweep();
  expect(swept.errors).toEqual([]);
  const named = new Set(records.flatMap(({ outputFolder, inputFolder }) => [outputFolder, inputFolder]).filter((name) => name !== null));
  expect(new Set(jobFoldersIn(folder))).toEqual(named);
  expect(await jobs.reset({ level: 'deep', queue: true })).toMatchObject({ ok: true, errors: [] });
  expect(jobFoldersIn(folder)).toEqual([]);
  expect((await store.list({}, { limit: 10 })).jobs).toEqual([]);
  expect(await store.collect(0)).toMatchObject({ left: 0 });
  await expect.poll(keysOfJobs, { message: 'Keys of jobs that are gone', timeout: 5_000 }).toEqual([]);
}

function jobFoldersIn(folder: string): readonly string[] {
  const jobs = join(folder, 'jobs');
  if (!existsSync(jobs)) return [];
  return readdirSync(jobs, { recursive: true, encoding: 'utf8' }).filter((name) => name.split('/').length === 3).map((name) => `jobs/${name}`);
}
