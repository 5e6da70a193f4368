import { defaultReserveBytes, type GuardOptions, type Resettable } from '@media-jobs/cleanup';
import { MediaJobError, silentLogger, systemClock, type Clock, type Logger } from '@media-jobs/foundation';
import { registerOperation, type RegisteredOperation } from './operation/registered-operation.ts';
import type { FileStore } from './ports/file-store.ts';
import type { JobQueue } from './ports/job-queue.ts';
import type { JobStore } from './ports/job-store.ts';
import type { Operation } from './ports/operation.ts';
import type { AttemptEnd } from './run/attempt-end.ts';
import { reopeningOf } from './run/lease-keeper.ts';
import { resolveLifetime, type Lifetime, type LifetimeOptions, type LifetimePreset, type LifetimeValues } from './presets.ts';

/** What `createMediaJobs` is given. */
export interface MediaJobsOptions<Operations extends readonly Operation[] = readonly Operation[]> {
  /** What can be submitted, each with a name of its own. May be empty with `worker: false`, to look after the jobs of others. */
  readonly operations: Operations;
  /** Where jobs are kept. It is disposed when the media jobs are closed. */
  readonly store: JobStore;
  /** Hands work out. Default: a line in this process. It is disposed when the media jobs are closed. */
  readonly queue?: JobQueue;
  /** Where the files of jobs are kept. Processes that share a store share it too, unless they share `files`. Made when it is missing. */
  readonly workFolder: string;
  /**
   * Brings the files of jobs to machines that do not share a work folder: each has a folder of its own, all have the same `files`, and what a
   * machine lacks is fetched by its digest. It is disposed when the media jobs are closed. Default: none, all share the folder.
   */
  readonly files?: FileStore;
  /** Another place for temp files, such as a faster disk. Default: inside the work folder. */
  readonly tempFolder?: string;
  /** How long a job and its files stay after its end; fractions are fine. Default: of the preset, else 24. */
  readonly ttlHours?: number;
  /** Between two cleanup passes. Default: of the preset, else 30. */
  readonly cleanupIntervalMinutes?: number;
  /** Names both values at once; see `lifetimePresets`. */
  readonly preset?: LifetimePreset;
  /** What `configFromEnv` found: it counts where the options say nothing. */
  readonly environment?: LifetimeValues;
  /** Tenant: part of the identity of each job, unless a submit names another. Default empty. */
  readonly namespace?: string;
  /** Larger input files are refused. Default: no limit. */
  readonly maxInputBytes?: number;
  /** Kept free on the disk of the work folder; a submit that would use it is refused. Default 512 MiB. */
  readonly diskReserveBytes?: number;
  /** When disk, memory or graphics memory is too short for new work, and when files go early; see `createGuards`. `diskReserveBytes` counts here too. */
  readonly guards?: Omit<GuardOptions, 'folders' | 'diskReserveBytes' | 'logger' | 'clock'>;
  /** Between two beats of a running job. Default 10,000. */
  readonly heartbeatMs?: number;
  /** How long a claim holds without a beat; at least twice `heartbeatMs`. Default 30,000. */
  readonly leaseMs?: number;
  /**
   * A thread of its own beats while the event loop is blocked, for at most ten leases, so that long computing in an operation
   * loses no claim. Needs a store that another thread can open: SQLite, or Redis by `url`. Default `false`.
   */
  readonly heartbeatThread?: boolean;
  /** A job that loses its worker so many times is a dead letter. Default 3. */
  readonly maxLosses?: number;
  /** How often the store is asked for work, and a waiting caller looks again. Default 1,000. */
  readonly pollIntervalMs?: number;
  /** `false`: submits and watches, but runs and cleans nothing. Default `true`. */
  readonly worker?: boolean;
  /** What `reset` empties beside the jobs, the line and the work folder: models, a log folder (`resettableFolder`), and the like. Default: nothing. */
  readonly resetTargets?: readonly Resettable[];
  /** Told of each attempt that has ended in this process, for metrics. What it throws is logged. */
  readonly onAttemptEnd?: (end: AttemptEnd) => void;
  /** Default: silent. */
  readonly logger?: Logger;
  /** Drives the timers. Default: the machine's clock. */
  readonly clock?: Clock;
  /** 0 ≤ x < 1, for back-off and jitter. Default `Math.random`. */
  readonly random?: () => number;
}

/** The defaults of `createMediaJobs`; those of time to live are `lifetimeDefaults`. */
export const mediaJobsDefaults = Object.freeze({
  namespace: '',
  maxInputBytes: Infinity,
  diskReserveBytes: defaultReserveBytes,
  heartbeatMs: 10_000,
  leaseMs: 30_000,
  heartbeatThread: false,
  maxLosses: 3,
  pollIntervalMs: 1_000,
  worker: true,
});

/** Options with every default filled in. */
export type ResolvedMediaJobsOptions = Readonly<
  Required<Omit<MediaJobsOptions, 'operations' | 'queue' | 'files' | 'tempFolder' | keyof LifetimeOptions>> & {
    readonly lifetime: Lifetime;
    readonly operations: ReadonlyMap<string, RegisteredOperation>;
    readonly queue: JobQueue | undefined;
    readonly files: FileStore | undefined;
    readonly tempFolder: string | undefined;
  }
>;

const ignoreEnd = (): void => undefined;

const positive = ['maxInputBytes', 'heartbeatMs', 'leaseMs', 'pollIntervalMs'] as const;

/** Fills in the defaults and checks each option, alone and together. Throws `INVALID_OPTION`. */
export function resolveOptions(options: MediaJobsOptions): ResolvedMediaJobsOptions {
  const { store, queue, files, workFolder, tempFolder, resetTargets = [], guards = {}, onAttemptEnd = ignoreEnd, logger = silentLogger, clock = systemClock, random = Math.random } = options;
  const resolved = { ...mediaJobsDefaults, ...given(options), store, queue, files, workFolder, tempFolder, resetTargets, guards, onAttemptEnd, logger, clock, random, operations: registerAll(options.operations, options.worker ?? mediaJobsDefaults.worker), lifetime: resolveLifetime(options) };
  if (typeof workFolder !== 'string' || workFolder === '') throw refusal('workFolder', 'a path', workFolder);
  if (store?.specVersion !== 1) throw refusal('store', 'a job store of specVersion 1', store?.specVersion);
  if (queue !== undefined && queue.specVersion !== 1) throw refusal('queue', 'a job queue of specVersion 1', queue.specVersion);
  if (files !== undefined && files.specVersion !== 1) throw refusal('files', 'a file store of specVersion 1', files.specVersion);
  for (const name of positive) if (!(resolved[name] > 0)) throw refusal(name, 'a number above 0', resolved[name]);
  if (!(resolved.diskReserveBytes >= 0)) throw refusal('diskReserveBytes', 'a number of bytes of at least 0', resolved.diskReserveBytes);
  if (!Number.isSafeInteger(resolved.maxLosses) || resolved.maxLosses < 1) throw refusal('maxLosses', 'a whole number of at least 1', resolved.maxLosses);
  if (typeof resolved.namespace !== 'string') throw refusal('namespace', 'a text', resolved.namespace);
  if (resolved.heartbeatThread && resolved.worker) reopeningOf(store);
  if (resolved.leaseMs < 2 * resolved.heartbeatMs) {
    throw refusal('leaseMs', `at least twice heartbeatMs (${resolved.heartbeatMs}), so that one lost beat loses no claim`, resolved.leaseMs);
  }
  return Object.freeze(resolved);
}

/** The plain values that were given: `undefined` does not win over a default. */
function given(options: MediaJobsOptions): Partial<Pick<MediaJobsOptions, keyof typeof mediaJobsDefaults>> {
  const names = Object.keys(mediaJobsDefaults) as (keyof typeof mediaJobsDefaults)[];
  return Object.fromEntries(names.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]));
}

function registerAll(operations: readonly Operation[], worker: boolean): ReadonlyMap<string, RegisteredOperation> {
  if (!Array.isArray(operations) || (worker && operations.length === 0)) throw refusal('operations', 'a list of at least one operation', operations);
  const registered = new Map<string, RegisteredOperation>();
  for (const operation of operations as readonly Operation[]) {
    if (registered.has(operation.name)) throw refusal('operations', 'operations with names of their own', `\`${operation.name}\` twice`);
    registered.set(operation.name, registerOperation(operation));
  }
  for (const { name, uses = [] } of operations as readonly Operation[]) {
    const missing = uses.find((used) => registered.get(used.name)?.operation.version !== used.version);
    if (missing !== undefined) throw refusal('operations', `operations with all that \`${name}\` uses`, `none of the name \`${missing.name}\` and version ${missing.version}`);
  }
  return registered;
}

function refusal(name: string, expected: string, value: unknown): MediaJobError {
  return new MediaJobError('INVALID_OPTION', {
    message: `Expected \`${name}\` to be ${expected}, got \`${String(value)}\`.`,
    advice: 'Correct the options of `createMediaJobs`; they are listed in the README of @media-jobs/core.',
    facts: { option: name, value: String(value) },
  });
}
