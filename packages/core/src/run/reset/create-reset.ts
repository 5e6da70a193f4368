import { join } from 'node:path';
import { resetAll, resetDeadlinesMs, type ResetOptions, type ResetReport, type Resettable } from '@media-jobs/cleanup';
import type { CleanupLoop } from '../cleanup-loop.ts';
import type { RunContext } from '../run-context.ts';
import type { Runner } from '../runner.ts';
import { createFilesTarget } from './files-target.ts';
import { createJobsTarget } from './jobs-target.ts';
import { createQueueTarget } from './queue-target.ts';
import { createStoredFilesTarget } from './stored-files-target.ts';

/** What a reset works with. */
export interface ResetParts {
  readonly context: RunContext;
  readonly runner: Runner | null;
  readonly cleanupLoop: CleanupLoop;
  /** Targets beside the service's own. */
  readonly targets: readonly Resettable[];
}

/** Beyond the lease, for the end of the programs of workers that let it pass. */
const stopMarginMs = 15_000;

/** The reset of one service: its jobs, its line, its files, and what else was named. It never runs as a job. */
export function createReset({ context, runner, cleanupLoop, targets: others }: ResetParts): (options?: ResetOptions) => Promise<ResetReport> {
  const { clock, logger, closed, leaseMs, queue, files, workFolder } = context;
  const targets = [createJobsTarget(context, runner, cleanupLoop), ...(queue === null ? [] : [createQueueTarget(queue)]), createFilesTarget(context), ...(files === null ? [] : [createStoredFilesTarget(context, files)]), ...others];
  const stop = Math.max(resetDeadlinesMs.stop, leaseMs + stopMarginMs);
  return (options = {}) => resetAll(targets, { ...options, deadlinesMs: { stop, ...options.deadlinesMs }, lock: join(workFolder.locksFolder, 'reset'), signal: closed, clock, logger });
}
