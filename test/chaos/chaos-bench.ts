import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createMediaJobs, type CleanupReport, type JobRecord, type JobStore } from '@media-jobs/core';
import { ownerId, processesOf } from '@media-jobs/process';
import { processesOf as childrenOf, untilEmpty } from '../command/leftovers.ts';
import { startChaosWorker, type ChaosWorker } from './chaos-worker.ts';
import type { Step, WorkerOrders } from './messages.ts';
import type { StoreUnderTest } from './stores-under-test.ts';
import { createDigestOperation } from './worker/digest-operation.ts';
import { createHalt } from './worker/halt.ts';
import { openStore, shiftedClock, type StoreSpec } from './worker/open-store.ts';

/** Beyond the time to live of all jobs, which is a day here. */
const beyondTtlMs = 25 * 60 * 60 * 1000;

/** One store and one work folder, the processes that share them, and a look from outside. Disposal leaves nothing. */
export interface ChaosBench extends AsyncDisposable {
  readonly spec: StoreSpec;
  readonly workFolder: string;
  readonly workers: readonly ChaosWorker[];
  /** A file of the caller's with content of its own. */
  inputFile(name: string): string;
  start(haltAt?: Step | null): Promise<ChaosWorker>;
  /** SIGSTOP, at a moment at which the worker does not hold the whole store. */
  freeze(worker: ChaosWorker): Promise<void>;
  /** The store, as one more process would open it. */
  readonly store: JobStore;
  records(): Promise<readonly JobRecord[]>;
  /** One cleanup pass after the time to live of everything is over. */
  sweepAfterTtl(): Promise<CleanupReport>;
  /** What stands in the work folder, apart from what an empty one holds. */
  leftFiles(): readonly string[];
  /** Everything that is left of jobs: records, whatever else the store keeps, files, and programs that workers started. */
  left(): Promise<readonly unknown[]>;
}

export const sha256Of = (content: string): string => createHash('sha256').update(content).digest('hex');

/** Content of the input file of this name. */
export const contentOf = (name: string): string => `${name}\n`.repeat(1_000);

/** Several suites run at the same time, each in a process of its own. */
const folderPrefix = `media-jobs-chaos-${process.pid}-`;

const emptyWorkFolder: ReadonlySet<string> = new Set(['jobs', 'ledger', 'locks', 'media-jobs.json', 'temp']);

export async function openChaosBench(under: StoreUnderTest, leases: Pick<WorkerOrders, 'heartbeatMs' | 'leaseMs'>): Promise<ChaosBench> {
  const folder = mkdtempSync(join(tmpdir(), folderPrefix));
  const [workFolder, inputs] = [join(folder, 'work'), join(folder, 'inputs')];
  mkdirSync(inputs);
  const prepared = await under.prepare(folder);
  const { spec } = prepared;
  const store = await openStore(spec);
  const workers: ChaosWorker[] = [];
  return {
    spec, workFolder, workers, store,
    inputFile(name) {
      const file = join(inputs, name);
      writeFileSync(file, contentOf(name));
      return file;
    },
    async start(haltAt = null) {
      const worker = await startChaosWorker({ store: spec, workFolder, haltAt, ...leases });
      workers.push(worker);
      return worker;
    },
    async freeze(worker) {
      for (worker.freeze(); !(await prepared.isFree()); worker.freeze()) {
        worker.thaw();
        await setTimeout(20);
      }
    },
    records: () => allRecords(store),
    sweepAfterTtl: () => sweepAfterTtl(spec, workFolder),
    leftFiles: () => leftFiles(workFolder),
    left: async () => [...(await allRecords(store)), ...(await prepared.left()), ...leftFiles(workFolder), ...(await untilEmpty(() => workers.flatMap(({ pid }) => childrenOf(pid))))],
    async [Symbol.asyncDispose]() {
      for (const worker of workers) await worker[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await prepared[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function leftFiles(workFolder: string): readonly string[] {
  return readdirSync(workFolder, { recursive: true, encoding: 'utf8' }).filter((path) => !emptyWorkFolder.has(path));
}

async function allRecords(store: JobStore): Promise<readonly JobRecord[]> {
  const records: JobRecord[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.list({}, { limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
    records.push(...page.jobs);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return records;
}

async function sweepAfterTtl(spec: StoreSpec, workFolder: string): Promise<CleanupReport> {
  const tell = (): void => undefined;
  await using jobs = await createMediaJobs({
    operations: [createDigestOperation(createHalt(null, tell), tell)], store: await openStore(spec, beyondTtlMs), workFolder, worker: false, clock: shiftedClock(beyondTtlMs),
  });
  return await jobs.sweep();
}

/** Processes and folders of this suite that are left: none, when all is well. */
export async function leftOfChaos(): Promise<readonly (string | number)[]> {
  return [...(await processesOf(ownerId())), ...readdirSync(tmpdir()).filter((name) => name.startsWith(folderPrefix))];
}
