import { MediaJobError } from '@media-jobs/foundation';
import { hasEnded, type JobRecord } from '../job/job.ts';
import type { JobHint } from './job-events.ts';
import type { RunContext } from './run-context.ts';

/** Names a job, and the epoch that it was accepted in: a reset ends it even when it came before anybody waited. */
export type JobOfEpoch = Pick<JobRecord, 'id' | 'epoch'>;

/** Bounds of a wait. */
export interface WaitOptions {
  /** Ends the wait, not the job. */
  readonly signal?: AbortSignal;
  /** Ends the wait, not the job. Default: none. */
  readonly timeoutMs?: number;
}

/** Wakes whoever follows one job: by a hint, or because a while has passed in which one may have been lost. */
export interface Follower extends Disposable {
  /** Hints since the last look, oldest first; progress that a newer one overtook is left out, what was shared with it is not. */
  take(): readonly JobHint[];
  /** Resolves at the next hint, or after a while. Rejects with `ABORTED`, `TIMEOUT` or `CLOSED` when the wait is over. */
  next(): Promise<void>;
}

/** Given to a sleep that is cut short. A reason of its own spares the making of an error with a stack each time. */
const woken = Symbol('woken');

/** Follows a job. Disposal ends it. */
export function followJob(context: RunContext, id: string, { signal, timeoutMs }: WaitOptions = {}): Follower {
  const { clock, events, pollIntervalMs, closed } = context;
  const hints: JobHint[] = [];
  let over: MediaJobError | undefined;
  let wake: (() => void) | undefined;
  const end = (error: MediaJobError): void => {
    over ??= error;
    wake?.();
  };
  const onAbort = (): void => end(abortedError(signal?.reason));
  const onClosed = (): void => end(closedWhileWaiting(id));
  if (closed.aborted) onClosed();
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  closed.addEventListener('abort', onClosed, { once: true });
  const timer = timeoutMs === undefined ? undefined : clock.after(timeoutMs, () => end(timedOut(id, timeoutMs)));
  const subscription = events.subscribe(id, (change) => {
    keep(hints, change);
    wake?.();
  });
  return {
    take: () => hints.splice(0),
    async next() {
      if (hints.length === 0 && over === undefined) {
        const cut = new AbortController();
        wake = () => cut.abort(woken);
        await clock.sleep(pollIntervalMs, cut.signal).catch(() => undefined);
        wake = undefined;
      }
      if (over !== undefined) throw over;
    },
    [Symbol.dispose]() {
      subscription[Symbol.dispose]();
      timer?.cancel();
      signal?.removeEventListener('abort', onAbort);
      closed.removeEventListener('abort', onClosed);
    },
  };
}

/** Who looks seldom gets the newest progress, every change of state, and all that was shared. */
function keep(hints: JobHint[], hint: JobHint): void {
  const last = hints.at(-1);
  const overtaken = last?.state === 'running' && hint.state === 'running' && last.generation === hint.generation ? hints.pop() : undefined;
  const parts = [...(overtaken?.parts ?? []), ...(hint.parts ?? [])];
  hints.push({ ...hint, parts });
}

/**
 * The record of a job that has ended. Hints only hasten it: the record is read again every `pollIntervalMs`. Throws
 * `JOB_EXPIRED` when it is gone, `EPOCH_PASSED` when a reset took it, and `ABORTED`, `TIMEOUT`, `CLOSED` when the wait
 * ends first. While the store is away it goes on waiting.
 */
export async function waitForEnd(context: RunContext, { id, epoch }: JobOfEpoch, options: WaitOptions = {}): Promise<JobRecord> {
  using follower = followJob(context, id, options);
  for (;;) {
    const record = await readPatiently(context, follower, () => context.store.get(id));
    if (record === null || record.state === 'expiring') throw await absence(context, { id, epoch });
    if (hasEnded(record.state)) return record;
    await follower.next();
    const ended = follower.take().find((hint) => hint.ended !== undefined)?.ended;
    if (ended !== undefined) return ended;
  }
}

/** Reads until the store answers. */
export async function readPatiently<Result>({ logger }: RunContext, follower: Follower, read: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await read();
    } catch (error) {
      const mistake = MediaJobError.from(error);
      if (mistake.code !== 'STORE_UNAVAILABLE') throw mistake;
      logger.debug({ err: mistake }, 'The store is away; the wait goes on');
      follower.take();
      await follower.next();
    }
  }
}

/** Why a job that was there is not there any more. */
export async function absence({ store }: RunContext, { id, epoch }: JobOfEpoch): Promise<MediaJobError> {
  if ((await store.epoch()) !== epoch) {
    return new MediaJobError('EPOCH_PASSED', { message: 'Expected the job to end, got a reset that removed it.', advice: 'Submit it again.', facts: { jobId: id } });
  }
  return new MediaJobError('JOB_EXPIRED', { message: 'Expected the job, got none: it was deleted, or its time to live is over.', advice: 'Submit it again.', facts: { jobId: id } });
}

/** An abort by the caller, as an error of ours. */
export function abortedError(reason: unknown): MediaJobError {
  if (MediaJobError.isInstance(reason)) return reason;
  return new MediaJobError('ABORTED', { message: 'Expected to wait for the job, got an abort.', advice: 'The job goes on; wait for it again if that was not meant.', cause: reason });
}

function closedWhileWaiting(id: string): MediaJobError {
  return new MediaJobError('CLOSED', { message: 'Expected to wait for the job, got closed.', advice: 'Open the same store again and get the job by its id.', facts: { jobId: id } });
}

function timedOut(id: string, timeoutMs: number): MediaJobError {
  return new MediaJobError('TIMEOUT', { message: `Expected the job to end within ${timeoutMs} ms, got no end.`, advice: 'The job goes on; wait for it again, or cancel it.', facts: { jobId: id, timeoutMs } });
}
