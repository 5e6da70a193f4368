import type { Clock, Logger } from '@media-jobs/foundation';
import type { ProcessUsage } from '@media-jobs/process';
import type { JobRecord } from '../job/job.ts';
import type { Attempt } from '../ports/operation.ts';
import type { StepJobs } from '../ports/step-jobs.ts';
import type { TimeLimits } from '../resilience/limits.ts';
import type { Artifacts } from './artifacts.ts';
import type { LazyFolder } from './lazy-folder.ts';
import type { Progress, ProgressReporter } from './progress.ts';
import type { StopSignals } from './stop-signals.ts';
import { startAttemptTimer } from './time-limits.ts';

/** What the processes of one attempt cost, as they told when they ended. */
export interface UsageSum {
  readonly cpuMs: number;
  /** The largest of all trees: they may have run one after the other. */
  readonly peakRssBytes: number;
}

/** An attempt under way. */
export interface OpenAttempt extends Disposable {
  readonly attempt: Attempt;
  usage(): UsageSum;
}

export interface OpenAttemptOptions {
  readonly clock: Clock;
  readonly record: JobRecord;
  readonly limits: TimeLimits;
  readonly signals: StopSignals;
  readonly progress: ProgressReporter;
  readonly artifacts: Artifacts;
  readonly temp: LazyFolder;
  readonly checkpoint: LazyFolder | null;
  readonly jobs: StepJobs;
  readonly logger: Logger;
}

/** Builds what an operation is given, and starts the clock of its limits. Disposal stops that clock. */
export function openAttempt({ clock, record, limits, signals, progress, artifacts, temp, checkpoint, jobs, logger }: OpenAttemptOptions): OpenAttempt {
  let usage: UsageSum = { cpuMs: 0, peakRssBytes: 0 };
  const onUsage = ({ cpuMs, peakRssBytes }: ProcessUsage): void => {
    usage = { cpuMs: usage.cpuMs + cpuMs, peakRssBytes: Math.max(usage.peakRssBytes, peakRssBytes) };
  };
  const timer = startAttemptTimer({
    clock,
    limits,
    onSoft: (error) => signals.stop({ kind: 'timeout', error }),
    onHard: (error) => signals.killNow({ kind: 'timeout', error }),
  });
  const { signal, kill } = signals;
  const attempt: Attempt = Object.freeze({
    jobId: record.id,
    generation: record.generation,
    number: attemptNumber(record),
    correlationId: record.correlationId,
    signal,
    kill,
    controls: Object.freeze({ signal, kill, onUsage, logger }),
    get tempFolder(): string {
      return temp.path;
    },
    get checkpointFolder(): string | null {
      return checkpoint?.path ?? null;
    },
    artifacts,
    jobs,
    log: logger,
    report: (reported: Progress) => progress.report(reported),
    share: (part: unknown) => progress.share(part),
    allow: (softTimeoutMs: number) => timer.allow(softTimeoutMs),
  });
  return { attempt, usage: () => usage, [Symbol.dispose]: () => timer[Symbol.dispose]() };
}

/** 1 for the first; those that were refunded count too, so that no two lines of a log mean different attempts. */
export function attemptNumber({ attempts, refunds, losses }: JobRecord): number {
  return attempts + refunds + losses;
}
