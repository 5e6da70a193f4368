import type { Readable } from 'node:stream';
import { createGuards, openWorkFolder, type Guards, type ResetOptions, type ResetReport, type WorkFolder } from '@media-jobs/cleanup';
import { DisposalStack, MediaJobError } from '@media-jobs/foundation';
import type { z } from 'zod';
import { createProcessQueue } from './memory/process-queue.ts';
import { resolveOptions, type MediaJobsOptions, type ResolvedMediaJobsOptions } from './options.ts';
import type { HealthCheck } from './ports/health-check.ts';
import type { Operation } from './ports/operation.ts';
import type { JobRecord } from './job/job.ts';
import type { JobFilter, JobPage, PageRequest, StoreStats } from './ports/store-messages.ts';
import type { CleanupReport } from './run/cleanup-loop.ts';
import type { CancelOutcome, Job } from './run/job-handle.ts';
import { createJobEvents } from './run/job-events.ts';
import type { ReceivedFile, ReceiveOptions } from './run/receive-file.ts';
import type { RunContext } from './run/run-context.ts';
import type { RunnerStats } from './run/runner.ts';
import { startService } from './run/service.ts';

/** The operation of this name; any of them, where the names are not known when the program is written. */
type Named<Operations extends readonly Operation[], Name> = string extends Operations[number]['name'] ? Operations[number] : Extract<Operations[number], { readonly name: Name }>;

/** What a submit of this operation takes: file fields are paths. */
export type InputOf<Operations extends readonly Operation[], Name> = z.input<Named<Operations, Name>['input']>;

/** What a job of this operation results in. */
export type OutputOf<Operations extends readonly Operation[], Name> = z.output<Named<Operations, Name>['output']>;

/** How a job is asked for, besides its input. */
export interface SubmitOptions {
  /** Run a completed job again. Default `false`: its result is given out. */
  readonly fresh?: boolean;
  /** Give out a completed job only if its files have their recorded digests, which reads them. Default `false`: their sizes are enough. */
  readonly verifyDigests?: boolean;
  /** Higher goes first; whole. Default 0. */
  readonly priority?: number;
  /** Tenant, for this job. Default: that of `createMediaJobs`. */
  readonly namespace?: string;
  /** Stands on the record and on every log line of the job. */
  readonly correlationId?: string;
  /** Ends the submit, not the job. */
  readonly signal?: AbortSignal;
}

/** Counts of the store, of the queue, and of this process. */
export interface MediaJobsStats extends StoreStats {
  /** In this queue's own view; null where nothing is handed out from here. */
  readonly queue: { readonly waiting: number; readonly running: number } | null;
  /** Null with `worker: false`. */
  readonly runner: RunnerStats | null;
}

/** Media jobs for code that does not know their operations, such as an HTTP server: the schemas check at run time. */
export interface AnyMediaJobs extends AsyncDisposable {
  /** What can be submitted here. */
  readonly operations: readonly Operation[];
  /** Larger input files are refused; infinity where there is no limit. */
  readonly maxInputBytes: number;
  /** Where files lie: those of jobs, and those that are gone soon. Absolute. */
  readonly folders: { readonly work: string; readonly temp: string };
  /** What must work for this service to work: store, disk, memory, graphics memory, workers, and what its operations need, each name once. */
  readonly healthChecks: readonly HealthCheck[];
  /**
   * Puts a job in line, joins one that is there, or answers from the cache. Throws `UNKNOWN_OPERATION`, `INVALID_INPUT`,
   * `INPUT_*`, `QUEUE_FULL`, `MEMORY_SHORT`, `GPU_MEMORY_SHORT` and `RESETTING` (with `retryAfterMs`), `DISK_FULL` (also, when the
   * disk is full for everybody), `STORE_UNAVAILABLE`, `EPOCH_PASSED`, `ABORTED`, `CLOSED`.
   */
  submit(operation: string, input: unknown, options?: SubmitOptions): Promise<Job<unknown>>;
  /**
   * Takes a file in from a stream, such as an upload: to disk and hashed in one pass, in constant memory. A submit that names its
   * path in a file field neither reads nor copies it again. Dispose of it when the submit has settled, however it did; the job has
   * its own. Throws `INPUT_TOO_LARGE`, `INPUT_EMPTY`, `INPUT_ALL_ZERO`, `STALLED`, `TRUNCATED` when the stream fails, `DISK_FULL`, `ABORTED`,
   * `CLOSED`; the stream is destroyed then, and nothing is left.
   */
  receive(stream: Readable, options?: ReceiveOptions): Promise<ReceivedFile>;
  /** The job of this id; null when there is none. */
  get(id: string): Promise<Job<unknown> | null>;
  /** As `get`, but throws `JOB_NOT_FOUND`, and `JOB_EXPIRED` while the job is being deleted. */
  find(id: string): Promise<Job<unknown>>;
  /** The job of this id as it stands, at the cost of one look into the store. Throws as `find` does. */
  record(id: string): Promise<JobRecord>;
  /** Puts a failed job in line again as a new generation, its input as it was. Throws `JOB_NOT_FOUND`, `JOB_EXPIRED`, and `ILLEGAL_MOVE` when it has not failed. */
  redrive(id: string): Promise<Job<unknown>>;
  /** Records, newest first. Default: the first 100 of all. */
  list(filter?: JobFilter, page?: Partial<PageRequest>): Promise<JobPage>;
  /** Cancels a waiting job at once, and has the work of a running one stopped. Throws `JOB_NOT_FOUND`. */
  cancel(id: string): Promise<CancelOutcome>;
  /** Deletes an ended job with its files. Throws `JOB_NOT_FOUND`, and `ILLEGAL_MOVE` when it has not ended. */
  delete(id: string): Promise<void>;
  stats(): Promise<MediaJobsStats>;
  /** One whole cleanup pass. Never rejects: what fails stands in the report. */
  sweep(): Promise<CleanupReport>;
  /**
   * Empties what this service owns and resolves when that is done, with a report. `deep` gives the store a new epoch, has all
   * running work stopped, here and in other processes, and removes all jobs and all files in the work folder; `basic`, the
   * default, removes what is expired or orphaned. It cannot be undone, it cancels running jobs, and it may take a minute.
   * Simultaneous resets share one run. Throws `INVALID_OPTION`; what else goes wrong stands in the report.
   */
  reset(options?: ResetOptions): Promise<ResetReport>;
  /**
   * Takes no more work, lets running jobs end until the deadline (default 10 s), has the rest stopped and given back,
   * and closes store, queue and work folder. Ends also when the store is away. Again, it only shortens the deadline.
   */
  close(options?: { readonly deadlineMs?: number }): Promise<void>;
}

/** Jobs over media files: submitted by content, run within bounds, gone in time. */
export interface MediaJobs<Operations extends readonly Operation[] = readonly Operation[]> extends AnyMediaJobs {
  /** As `AnyMediaJobs.submit`, with the operation's own input and result. */
  submit<Name extends Operations[number]['name']>(operation: Name, input: InputOf<Operations, Name>, options?: SubmitOptions): Promise<Job<OutputOf<Operations, Name>>>;
}

/**
 * Opens the store's jobs on this machine: sweeps the work folder, takes back what dead workers held, and starts to work.
 * Throws `INVALID_OPTION`, `WORK_FOLDER_UNSAFE`, `STORE_UNAVAILABLE`, `STORE_INCOMPATIBLE`; store and queue are disposed
 * then as well. While it is open, a worker keeps the process alive, as a server does.
 */
export async function createMediaJobs<const Operations extends readonly Operation[]>(options: MediaJobsOptions<Operations>): Promise<MediaJobs<Operations>> {
  await using opened = new DisposalStack();
  if (options.store !== undefined) opened.use(options.store);
  if (options.queue !== undefined) opened.use(options.queue);
  if (options.files !== undefined) opened.use(options.files);
  const resolved = resolveOptions(options);
  const { clock, logger, tempFolder } = resolved;
  const workFolder = opened.use(await openWorkFolder({ folder: resolved.workFolder, clock, logger, ...(tempFolder === undefined ? {} : { tempFolder }) }));
  const firstEpoch = await resolved.store.epoch();
  const closed = new AbortController();
  const jobs = await startService(contextOf(resolved, workFolder, firstEpoch, closed.signal), resolved, () => closed.abort(closedError()));
  opened.move();
  // Names and types of the operations are known to the compiler alone; at run time their schemas check.
  return jobs as MediaJobs<Operations>;
}

function contextOf(resolved: ResolvedMediaJobsOptions, workFolder: WorkFolder, firstEpoch: string, closed: AbortSignal): RunContext {
  const { queue, files, worker, clock, lifetime } = resolved;
  return Object.freeze({
    ...resolved,
    workFolder,
    files: files ?? null,
    guards: guardsOf(resolved, workFolder),
    // Nobody would take anything out of a line of our own.
    queue: queue ?? (worker ? createProcessQueue({ clock }) : null),
    events: createJobEvents(),
    unsettled: new Set<never>(),
    received: new Map<never, never>(),
    ttlMs: lifetime.ttlMs,
    firstEpoch,
    closed,
  });
}

function guardsOf({ guards, diskReserveBytes, logger, clock }: ResolvedMediaJobsOptions, { path, tempFolder }: WorkFolder): Guards {
  const folders = tempFolder.startsWith(path) ? [path] : [path, tempFolder];
  return createGuards({ ...guards, diskReserveBytes, logger, clock, folders });
}

function closedError(): MediaJobError {
  return new MediaJobError('CLOSED', { message: 'Expected open media jobs, got closed ones.', advice: 'Create them again.' });
}
