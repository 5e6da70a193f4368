import { join } from 'node:path';
import type { Logger } from '@media-jobs/foundation';
import type { JobUsage } from '../job/job.ts';
import type { RegisteredOperation } from '../operation/registered-operation.ts';
import type { ClaimedJob } from '../ports/store-messages.ts';
import { createArtifacts, type Artifacts } from './artifacts.ts';
import { attemptNumber, openAttempt, type OpenAttempt } from './attempt.ts';
import type { BeatingClaim, Heartbeats } from './heartbeat.ts';
import type { EpochMarks } from './epoch-marks.ts';
import { createLazyFolder, type LazyFolder } from './lazy-folder.ts';
import { createLogTail, type LogTail } from './log-tail.ts';
import { createProgressReporter, type ProgressReporter } from './progress.ts';
import { folderName, jobLogger, placeOf, type RunContext } from './run-context.ts';
import type { StepJobsFor } from './step-jobs.ts';
import { createStopSignals, stops, type Stop, type StopSignals } from './stop-signals.ts';

/** What the claims of one runner share. */
export interface ClaimContext extends RunContext {
  readonly heartbeats: Heartbeats;
  /** Tells a reset in any process that there is work; the temp folders of attempts are made below its folders. */
  readonly marks: EpochMarks;
  /** Claims that are being worked on, by token. */
  readonly running: Map<string, OpenClaim>;
  readonly stepJobsFor: StepJobsFor;
  /** Aborts when the runner takes no more work. */
  readonly closing: AbortSignal;
  /** Aborts when a shutdown waits no longer for the store. */
  readonly giveUp: AbortSignal;
  /** A job of this runner will be due again after so long. */
  readonly onRetry: (delayMs: number) => void;
}

/** Inputs have other names. */
const checkpointName = 'checkpoint';

/** Where a claim may write; nothing is on disk before it is asked for. */
interface ClaimFolders {
  readonly temp: LazyFolder;
  readonly output: LazyFolder;
  /** In the folder of the input, whose life it shares. Null where there is none. */
  readonly checkpoint: LazyFolder | null;
  /** `output` as the record will name it. */
  readonly outputFolder: string;
}

/** A claim that is being worked on, with all that belongs to it. */
export interface OpenClaim extends ClaimFolders, Disposable {
  readonly claimed: ClaimedJob;
  readonly registered: RegisteredOperation;
  readonly attempt: OpenAttempt;
  readonly artifacts: Artifacts;
  readonly signals: StopSignals;
  readonly progress: ProgressReporter;
  readonly logTail: LogTail;
  readonly logger: Logger;
  readonly beat: BeatingClaim;
  /** Asks the work to end. Once it has ended and is being committed, a lost claim is for the store to tell. */
  stop(stop: Stop): void;
  /** From now on the outcome stands, and the end of the claim is no loss. */
  conclude(): void;
  isStuck(): boolean;
  usage(): JobUsage;
}

/** Starts the beats and the clock of a claim. Disposal ends both. */
export function openClaim(context: ClaimContext, claimed: ClaimedJob, registered: RegisteredOperation): OpenClaim {
  const { record, key } = claimed;
  const { clock, heartbeats, marks, running } = context;
  marks.enter(record.epoch);
  const startedAt = clock.monotonic();
  const state = { concluded: false, stuck: false };
  const logger = jobLogger(context.logger, record, attemptNumber(record));
  const logTail = createLogTail(logger);
  const folders = foldersOf(context, claimed);
  const signals = createStopSignals({
    clock,
    onStuck: () => {
      state.stuck = true;
      logger.warn({ stuck: true, operation: record.operation }, 'The operation ignores that it was killed; its slot stays taken');
    },
  });
  const artifacts = createArtifacts(folders.output, signals.signal);
  const stop = (given: Stop): void => {
    if (!state.concluded) signals.stop(given);
  };
  const beat: BeatingClaim = { key, progress: () => progress.latest(), onLost: () => stop(stops.lost()), onCancel: () => stop(stops.cancelled()) };
  const progress = progressOf(context, claimed, () => heartbeats.soon(beat));
  const attempt = openAttempt({ clock, record, limits: registered.limits, signals, progress, artifacts, temp: folders.temp, checkpoint: folders.checkpoint, jobs: context.stepJobsFor({ record, again: attemptNumber(record) > 1, closing: context.closing }), logger: logTail.logger });
  heartbeats.add(beat);
  const claim: OpenClaim = {
    claimed, registered, attempt, artifacts, signals, progress, logTail, logger, beat, stop, ...folders,
    conclude: () => void (state.concluded = true),
    isStuck: () => state.stuck,
    usage: () => usageOf(attempt, clock.monotonic() - startedAt),
    [Symbol.dispose]() {
      heartbeats.remove(beat);
      running.delete(key.token);
      marks.leave(record.epoch);
      signals[Symbol.dispose]();
    },
  };
  running.set(key.token, claim);
  return claim;
}

/** From where an earlier attempt of this generation came to; `onChange` has the store told. */
function progressOf({ clock, events }: ClaimContext, { record: { id, generation, progress: ratio, phase } }: ClaimedJob, onChange: () => void): ProgressReporter {
  return createProgressReporter({ clock, start: { ratio, phase }, onChange, onLocal: (now, parts) => events.emit({ id, generation, state: 'running', progress: now.ratio, phase: now.phase, parts }) });
}

function foldersOf(context: ClaimContext, { record, key }: ClaimedJob): ClaimFolders {
  const outputFolder = folderName(record.epoch, record.id, key.token);
  const { inputFolder } = record;
  const checkpoint = inputFolder === null ? null : createLazyFolder(placeOf(context, inputFolder, checkpointName));
  return { outputFolder, checkpoint, output: createLazyFolder(placeOf(context, outputFolder)), temp: createLazyFolder(join(context.marks.folderOf(record.epoch), key.token)) };
}

/** The store measures the time in line itself. */
function usageOf(attempt: OpenAttempt, wallMs: number): JobUsage {
  const { cpuMs, peakRssBytes } = attempt.usage();
  return { wallMs: Math.round(wallMs), waitingMs: 0, cpuMs: Math.round(cpuMs), peakRssBytes: Math.round(peakRssBytes), sampled: true };
}
