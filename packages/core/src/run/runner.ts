import { MediaJobError, type Timer } from '@media-jobs/foundation';
import type { DispatchHandler } from '../ports/job-queue.ts';
import type { ClaimedJob, ClaimRequest, JobPointer } from '../ports/store-messages.ts';
import { dispatchDue, dispatchReleased } from './dispatch-due.ts';
import { createEpochMarks } from './epoch-marks.ts';
import { createHeartbeats } from './heartbeat.ts';
import type { ClaimContext, OpenClaim } from './open-claim.ts';
import { createLeaseKeeper, reopeningOf, type LeaseKeeper } from './lease-keeper.ts';
import { runClaim } from './run-claim.ts';
import { jobLogger, type RunContext } from './run-context.ts';
import { createSlots, type Slots } from './slots.ts';
import type { StepJobsFor } from './step-jobs.ts';
import { stops } from './stop-signals.ts';

/** What a runner is doing now. */
export interface RunnerStats {
  /** Jobs that this process works on. */
  readonly running: number;
  /** Of these, jobs whose operation ignores that it was killed. */
  readonly stuck: number;
}

/** Takes jobs out of the line and works on them. */
export interface Runner {
  start(): Promise<void>;
  /** Stops the work on this job if it is done here; false when it is not. */
  cancel(id: string): boolean;
  isRunning(id: string): boolean;
  /** Stops the work of epochs before this one; tells how many jobs of such are still being worked on. */
  stopBefore(epoch: string): number;
  /** Asks the store for work soon. */
  nudge(): void;
  stats(): RunnerStats;
  /** Takes no more work. */
  stopTaking(): void;
  /** Has all work stopped; its claims are given back. */
  interrupt(): void;
  /** Waits no longer for the store. */
  giveUp(): void;
  /** Resolves when nothing is being worked on. */
  idle(): Promise<void>;
  /** No more beats. What is still being worked on loses its claim when the lease has passed. */
  end(): void;
}

/** How many due retries are asked for in one trip. */
const retryBatch = 200;

/** Creates the runner. `attemptsFolder` is where attempts make their temp folders. */
export function createRunner(context: RunContext, attemptsFolder: string, stepJobsFor: StepJobsFor): Runner {
  return new JobRunner(context, attemptsFolder, stepJobsFor);
}

class JobRunner implements Runner {
  readonly #context: ClaimContext;
  readonly #keeper: LeaseKeeper | undefined;
  readonly #slots: Slots;
  readonly #stopping = new AbortController();
  readonly #givingUp = new AbortController();
  readonly #work = new Set<Promise<void>>();
  readonly #retries = new Set<Timer>();
  #polling: Promise<void> | undefined;

  constructor(context: RunContext, attemptsFolder: string, stepJobsFor: StepJobsFor) {
    this.#keeper = context.heartbeatThread ? createLeaseKeeper(reopeningOf(context.store), context) : undefined;
    const heartbeats = createHeartbeats({ ...context, keeper: this.#keeper });
    const running = new Map<string, OpenClaim>();
    this.#context = { ...context, heartbeats, marks: createEpochMarks({ ...context, attemptsFolder }), running, stepJobsFor, closing: this.#stopping.signal, giveUp: this.#givingUp.signal, onRetry: (delayMs) => this.#wakeIn(delayMs) };
    this.#slots = createSlots(widths(context));
  }

  async start(): Promise<void> {
    const { queue } = this.#context;
    await this.#keeper?.begun;
    await queue?.consume(this.#handle, widths(this.#context));
    if (queue?.capabilities.shared !== true) void this.#pollUntilStopped();
  }

  cancel(id: string): boolean {
    let found = false;
    for (const claim of this.#context.running.values()) {
      if (claim.claimed.key.id !== id) continue;
      claim.stop(stops.cancelled());
      found = true;
    }
    return found;
  }

  isRunning(id: string): boolean {
    return this.#context.running.values().some((claim) => claim.claimed.key.id === id);
  }

  stopBefore(epoch: string): number {
    const older = [...this.#context.running.values()].filter(({ claimed }) => claimed.record.epoch < epoch);
    for (const claim of older) claim.stop(stops.lost());
    this.#context.marks.clear(epoch);
    return older.length;
  }

  nudge(): void {
    if (this.#context.queue?.capabilities.shared !== true) void this.#poll();
  }

  stats(): RunnerStats {
    const claims = [...this.#context.running.values()];
    return { running: claims.length, stuck: claims.filter((claim) => claim.isStuck()).length };
  }

  stopTaking(): void {
    for (const timer of this.#retries) timer.cancel();
    this.#retries.clear();
    if (!this.#stopping.signal.aborted) this.#stopping.abort(closing());
  }

  interrupt(): void {
    for (const claim of this.#context.running.values()) claim.stop(stops.interrupted());
  }

  giveUp(): void {
    if (!this.#givingUp.signal.aborted) this.#givingUp.abort(closing());
  }

  async idle(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  end(): void {
    this.#context.heartbeats.end();
    this.#context.marks.end();
  }

  /** The queue's handler: a place, then the claim, then the work. It never rejects. */
  readonly #handle: DispatchHandler = (pointer, operation, signal) => this.#track(this.#handleOne(pointer, operation, signal));

  async #handleOne(pointer: JobPointer, operation: string, takenAway: AbortSignal | undefined): Promise<void> {
    try {
      await this.#slots.take(operation, this.#stopping.signal);
    } catch {
      return; // Closing: the store remembers the job.
    }
    try {
      const [claimed] = await this.#claim({ operations: [operation], pointers: [pointer], limit: 1 });
      if (claimed !== undefined) await this.#run(claimed, takenAway);
    } finally {
      this.#slots.give(operation);
    }
  }

  /** What the store gives; nothing while it is away, because whoever asks will ask again. */
  async #claim(request: Pick<ClaimRequest, 'operations' | 'pointers' | 'limit'>): Promise<readonly ClaimedJob[]> {
    const { store, workFolder, leaseMs, logger } = this.#context;
    if (this.#stopping.signal.aborted) return [];
    try {
      return await store.claim({ owner: workFolder.owner, leaseMs, ...request });
    } catch (error) {
      logger.warn({ err: MediaJobError.from(error), ...request }, 'The store gives no work');
      return [];
    }
  }

  async #run(claimed: ClaimedJob, takenAway?: AbortSignal): Promise<void> {
    const registered = this.#context.operations.get(claimed.record.operation);
    // A claim that was on its way when the closing began is given back untouched.
    if (registered === undefined || this.#stopping.signal.aborted || takenAway?.aborted === true) return this.#giveBack(claimed);
    const stop = (): void => this.#context.running.get(claimed.key.token)?.stop(stops.takenAway());
    takenAway?.addEventListener('abort', stop, { once: true });
    try {
      await runClaim(this.#context, claimed, registered);
    } finally {
      takenAway?.removeEventListener('abort', stop);
    }
  }

  async #giveBack({ key, record }: ClaimedJob): Promise<void> {
    const { logger, store } = this.#context;
    try {
      if (await store.release(key)) await dispatchReleased(this.#context, key.id);
    } catch (error) {
      jobLogger(logger, record).warn({ err: MediaJobError.from(error) }, 'A claim could not be given back; its lease will lapse');
    }
  }

  async #track(work: Promise<void>): Promise<void> {
    this.#work.add(work);
    try {
      await work;
    } finally {
      this.#work.delete(work);
    }
  }

  /** Sleeping, not a timer: a worker that is open keeps its process alive, as a server does. */
  async #pollUntilStopped(): Promise<void> {
    const { clock, pollIntervalMs } = this.#context;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#poll();
      await clock.sleep(pollIntervalMs, signal).catch(() => undefined);
    }
  }

  /** One question at a time. */
  #poll(): Promise<void> {
    this.#polling ??= this.#takeFromStore().finally(() => (this.#polling = undefined));
    return this.#polling;
  }

  /** Fills free places with what stands in the store, each operation within its own. */
  async #takeFromStore(): Promise<void> {
    for (const operation of this.#context.operations.keys()) {
      const places = this.#slots.takeFree(operation, Infinity);
      if (places === 0) continue;
      const claimed = await this.#claim({ operations: [operation], limit: places });
      for (let unused = claimed.length; unused < places; unused += 1) this.#slots.give(operation);
      for (const one of claimed) void this.#track(this.#run(one).finally(() => this.#slots.give(operation)));
    }
  }

  /** The store is asked only when something is due. A retry that is lost with this process is found by the next pass of any other. */
  #wakeIn(delayMs: number): void {
    if (this.#stopping.signal.aborted) return;
    const timer = this.#context.clock.after(delayMs + 1, () => {
      this.#retries.delete(timer);
      void this.#wake();
    });
    this.#retries.add(timer);
  }

  async #wake(): Promise<void> {
    try {
      const due = await this.#context.store.due('retry', { limit: retryBatch });
      await dispatchDue(this.#context, due);
    } catch (error) {
      this.#context.logger.warn({ err: MediaJobError.from(error) }, 'Retries that are due could not be found; the next pass does it');
    }
  }
}

function widths({ operations }: RunContext): Readonly<Record<string, number>> {
  return Object.fromEntries(Array.from(operations, ([name, { limits }]) => [name, limits.concurrency]));
}

function closing(): MediaJobError {
  return new MediaJobError('CLOSED', { message: 'Expected an open runner, got one that is closing.' });
}
