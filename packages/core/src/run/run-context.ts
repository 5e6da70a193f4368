import { join } from 'node:path';
import type { Guards, WorkFolder } from '@media-jobs/cleanup';
import type { Clock, Logger } from '@media-jobs/foundation';
import type { JobRecord } from '../job/job.ts';
import type { RegisteredOperation } from '../operation/registered-operation.ts';
import type { FileStore } from '../ports/file-store.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { JobStore } from '../ports/job-store.ts';
import type { AttemptEnd } from './attempt-end.ts';
import type { JobEvents } from './job-events.ts';
import type { ReceivedFiles } from './receive-file.ts';
import type { UnsettledFolders } from './stage-inputs.ts';

/** What the parts of one running `MediaJobs` share. */
export interface RunContext {
  readonly store: JobStore;
  /** Null where nothing is handed out from here: the store's pollers and sweeps elsewhere find the work. */
  readonly queue: JobQueue | null;
  readonly operations: ReadonlyMap<string, RegisteredOperation>;
  /** Where machines that share no folder share files; null where they share the work folder. */
  readonly files: FileStore | null;
  /** Whether jobs are run here. */
  readonly worker: boolean;
  readonly workFolder: WorkFolder;
  /** Whether disk and memory allow new work. */
  readonly guards: Guards;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  readonly events: JobEvents;
  readonly onAttemptEnd: (end: AttemptEnd) => void;
  readonly ttlMs: number;
  /** The epoch in which this was opened. */
  readonly firstEpoch: string;
  readonly maxLosses: number;
  readonly heartbeatMs: number;
  readonly leaseMs: number;
  /** Whether a thread beats while the event loop is blocked. */
  readonly heartbeatThread: boolean;
  readonly pollIntervalMs: number;
  readonly namespace: string;
  readonly maxInputBytes: number;
  /** Kept free on the disk of the work folder. */
  readonly diskReserveBytes: number;
  readonly unsettled: UnsettledFolders;
  /** Files that were received here and are not disposed of yet, by path. */
  readonly received: ReceivedFiles;
  /** Aborts with `CLOSED` when it closes: whoever waits is let go, and what is repeated ends. */
  readonly closed: AbortSignal;
}

/** The folder that a claim writes to, as records name it (guard 1, guard 10). */
export function folderName(epoch: string, id: string, token: string): string {
  return `jobs/${epoch}/${id}/${token}`;
}

/** Where a folder or file that a record names lies on this disk. */
export function placeOf({ workFolder }: Pick<RunContext, 'workFolder'>, ...names: readonly string[]): string {
  return join(workFolder.path, ...names);
}

/** The input of a job as the operation's schema gave it at submit, its files at the places of the job's own copies. */
export function inputOf(context: Pick<RunContext, 'workFolder'>, { options, inputs, inputFolder }: JobRecord): Record<string, unknown> {
  const files = inputs.map(({ field, name }) => [field, placeOf(context, inputFolder ?? '', name)] as const);
  return { ...options, ...Object.fromEntries(files) };
}

/** A logger with the fields that stand on every line about a job. */
export function jobLogger(logger: Logger, record: JobRecord, attempt?: number): Logger {
  const { id, generation, correlationId, operation, namespace, inputs } = record;
  return logger.child({
    jobId: id,
    generation,
    ...(attempt === undefined ? {} : { attempt }),
    ...(correlationId === null ? {} : { correlationId }),
    ...(namespace === '' ? {} : { namespace }),
    operation,
    ...(inputs.length === 0 ? {} : { input: inputs.map(({ originalName }) => originalName).join(', ') }),
  });
}
