import { access, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMediaJobs, createMemoryStore, createProcessQueue, maxCleanupIntervalMinutes, type Job, type JobQueue, type JobState, type JobStore, type MediaJobs, type MediaJobsOptions, type Operation } from '@media-jobs/core';
import { systemClock } from '@media-jobs/foundation';
import { collectLogs, createFakeClock, type FakeClock, type LogCollector } from '@media-jobs/core/testing';

/** Media jobs over a memory store, in a folder of their own, on a clock that stands still. */
export interface Bench<Operations extends readonly Operation[]> extends AsyncDisposable {
  readonly jobs: MediaJobs<Operations>;
  readonly store: JobStore;
  readonly clock: FakeClock;
  readonly logs: LogCollector;
  readonly workFolder: string;
  /** Writes a file outside the work folder; resolves with its path. */
  file(name: string, content: string): Promise<string>;
  /** Folders `jobs/<epoch>/<id>/<token>` that are on disk. */
  jobFolders(): Promise<string[]>;
  /** Names in the temp folders of attempts; the marks of epochs, which stay a moment longer, are not among them. */
  tempNames(): Promise<string[]>;
  /** Everything below temp, ledger and locks. */
  leftBehind(): Promise<string[]>;
}

export type BenchOptions<Operations extends readonly Operation[]> = Partial<MediaJobsOptions<Operations>> & {
  readonly operations: Operations;
  readonly clock?: FakeClock;
  /** The machine's clock: for tests with processes. */
  readonly realTime?: boolean;
};

const opened: string[] = [];

/** `random` is 0.5 unless told, so that a back-off is half its ceiling; passes are made by hand unless an interval is told. */
export async function openBench<const Operations extends readonly Operation[]>(options: BenchOptions<Operations>): Promise<Bench<Operations>> {
  const root = await mkdtemp(join(tmpdir(), 'media-jobs-core-'));
  opened.push(root);
  const clock = options.realTime === true ? { ...createFakeClock(), ...systemClock, advance: (ms: number) => systemClock.sleep(Math.min(ms, 20)) } : (options.clock ?? createFakeClock());
  const logs = collectLogs();
  const store = options.store ?? createMemoryStore({ clock });
  const workFolder = options.workFolder ?? join(root, 'work');
  const jobs = await createMediaJobs({ logger: logs, random: () => 0.5, diskReserveBytes: 0, cleanupIntervalMinutes: maxCleanupIntervalMinutes, ...options, clock, store, workFolder }).catch(async (error: unknown) => {
    await rm(root, { recursive: true });
    throw error;
  });
  // The first pass is made in the background: it shall not meet what the test does.
  if (options.worker !== false) await jobs.sweep();
  return {
    jobs, store, clock, logs, workFolder,
    async file(name, content) {
      await writeFile(join(root, name), content);
      return join(root, name);
    },
    jobFolders: async () => (await paths(workFolder, 'jobs')).filter((path) => path.split('/').length === 4),
    tempNames: async () => (await paths(workFolder, 'temp')).filter((path) => path.split('/').length > 3),
    leftBehind: async () => (await Promise.all(['temp', 'ledger', 'locks'].map((folder) => paths(workFolder, folder)))).flat(),
    async [Symbol.asyncDispose]() {
      await passing(clock, jobs.close({ deadlineMs: 0 }));
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** A queue that says of itself that other processes take from it as well. */
export const sharedLine = (): JobQueue => Object.assign(createProcessQueue(), { capabilities: { shared: true } });

/** Resolves when the job has come to this state; later events are left for others. */
export async function untilState(job: Job<unknown>, state: JobState): Promise<void> {
  for await (const event of job.events()) if (event.state === state) return;
}

/** Lets the clock run, a second at a time, until this has settled. */
export async function passing<Result>(clock: FakeClock, work: Promise<Result>): Promise<Result> {
  const state = { settled: false };
  void Promise.allSettled([work]).then(() => (state.settled = true));
  while (!state.settled) {
    await clock.advance(1_000);
    await new Promise((resolve) => void setTimeout(resolve, 1));
  }
  return work;
}

/** Repeats until it holds; for what is told by no event. */
export async function eventually(holds: () => boolean | Promise<boolean>, patienceMs = 5_000): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Expected ${holds.toString()} to hold within ${patienceMs} ms.`);
    await new Promise((resolve) => void setTimeout(resolve, 5));
  }
}

/** Folders of benches that are still there; a suite checks at its end that there is none. */
export async function leftFolders(): Promise<string[]> {
  const left = await Promise.all(opened.map((path) => access(path).then(() => [path], () => [])));
  return left.flat();
}

/** What is removed while it is looked at is looked at again. */
async function paths(root: string, folder: string): Promise<string[]> {
  for (;;) {
    try {
      const entries = await readdir(join(root, folder), { recursive: true });
      return entries.map((entry) => `${folder}/${entry}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}
