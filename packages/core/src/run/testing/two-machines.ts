import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFolderFileStore, createMemoryStore, type FileStore, type JobStore, type MediaJobsOptions, type Operation } from '@media-jobs/core';
import { createFakeClock, type FakeClock } from '@media-jobs/core/testing';
import { systemClock } from '@media-jobs/foundation';
import { openBench, type Bench } from './bench.ts';

/** One machine that takes jobs in and one that works, with one store, one file store, and a work folder each. */
export interface TwoMachines<Operations extends readonly Operation[]> extends AsyncDisposable {
  readonly front: Bench<Operations>;
  readonly back: Bench<Operations>;
  readonly store: JobStore;
  readonly clock: FakeClock;
  /** A handle of the test's own on what the file store holds. */
  readonly files: FileStore;
  /** Digests that the file store holds. */
  readonly stored: () => Promise<string[]>;
  /** Names of files below `jobs` on both machines, with that of the machine. */
  readonly local: () => Promise<string[]>;
}

/** What may differ between machines. */
export type MachineOptions = Partial<Pick<MediaJobsOptions, 'ttlHours' | 'cleanupIntervalMinutes' | 'random' | 'operations' | 'guards'>>;

export interface TwoMachinesOptions<Operations extends readonly Operation[]> {
  readonly operations: Operations;
  /** Each machine's file store is what this makes of it. */
  readonly wrapFiles?: (files: FileStore, machine: 'front' | 'back') => FileStore;
  readonly wrapStore?: (store: JobStore) => JobStore;
  readonly front?: MachineOptions;
  readonly back?: MachineOptions;
  /** Default: the machine's clock. */
  readonly clock?: FakeClock;
}

export async function openTwoMachines<const Operations extends readonly Operation[]>({ operations, wrapFiles = (files) => files, wrapStore = (store) => store, front, back, clock }: TwoMachinesOptions<Operations>): Promise<TwoMachines<Operations>> {
  const root = await mkdtemp(join(tmpdir(), 'media-jobs-shared-'));
  const folder = join(root, 'files');
  const store = wrapStore(sharedStore(clock));
  const open = (machine: 'front' | 'back', { operations: own = operations, ...options }: MachineOptions = {}): Promise<Bench<Operations>> =>
    openBench({ pollIntervalMs: clock === undefined ? 20 : 60_000, operations: own as Operations, store, files: wrapFiles(createFolderFileStore({ folder }), machine), ...(clock === undefined ? { realTime: true } : { clock }), ...options, ...(machine === 'front' ? { worker: false } : {}) });
  const machines = { front: await open('front', front), back: await open('back', back) };
  return {
    ...machines, store, clock: clock ?? createFakeClock(Date.now()), files: createFolderFileStore({ folder }),
    stored: async () => (await filesIn(folder)).map((path) => path.split('/').at(-1) ?? ''),
    local: async () => (await Promise.all(Object.entries(machines).map(async ([name, { workFolder }]) => (await filesIn(join(workFolder, 'jobs'))).map((path) => `${name}: ${path.split('/').at(-1)}`)))).flat(),
    async [Symbol.asyncDispose]() {
      await Promise.all([machines.front[Symbol.asyncDispose](), machines.back[Symbol.asyncDispose]()]);
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** In this process, but said to be durable, and not gone with the machine that closes first. */
function sharedStore(clock: FakeClock | undefined): JobStore {
  const store = createMemoryStore({ clock: clock ?? systemClock });
  return new Proxy(store, {
    get: (target, name) => {
      if (name === Symbol.asyncDispose) return () => Promise.resolve();
      if (name === 'capabilities') return { ...target.capabilities, durable: true };
      return Reflect.get(target, name) as unknown;
    },
  });
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
