import { resolve } from 'node:path';
import { lockWaits, MediaJobError, silentLogger, systemClock, type Clock, type LockWait, type Logger, type Timer } from '@media-jobs/foundation';
import { cleanupError } from './file-errors.ts';
import { giveBack, removeDeadDrafts, touchHolding } from './lock-place.ts';
import { lockTimeout, waitForLock, type LockHolder } from './lock-wait.ts';
import { checkAmount, checkPath, invalidOption } from './options.ts';

/** Options of `withLock`. */
export interface LockOptions {
  /** How long to wait for a lock that is held. 0 tries once. Default 300,000 ms. */
  readonly waitMs?: number;
  /** A holder that gives no sign of life for so long has lost the lock. It gives one six times in this time. The same for all who use the lock. Default 60,000 ms. */
  readonly staleMs?: number;
  /** The same for a holder whose sign cannot be read: a version of this library that is not known here. Default 600,000 ms. */
  readonly unreadableStaleMs?: number;
  /** After the wait: `throw` a `LOCK_TIMEOUT`, or `skip` the work and say so. Default `throw`. */
  readonly onTimeout?: 'throw' | 'skip';
  /** Ends the wait, and aborts the signal that the work is given. */
  readonly signal?: AbortSignal;
  /** Told once, when the lock turns out to be held by somebody else. */
  readonly onWait?: (holder: LockHolder) => void;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** A lock that is held while the work runs. */
export interface HeldLock {
  /** Aborts with `LOCK_LOST` when the lock has passed to somebody else, and with the caller's signal. */
  readonly signal: AbortSignal;
  /** How long it took to get it. */
  readonly waitedMs: number;
  /** Throws `LOCK_LOST` when the lock has passed to somebody else: ask before what cannot be undone, such as putting a result in its place. */
  readonly requireHeld: () => Promise<void>;
}

/** What became of work that may be skipped. */
export type LockOutcome<Result> = { readonly ran: true; readonly result: Result } | { readonly ran: false; readonly holder: LockHolder; readonly waitedMs: number };

/** The work that is done by one process at a time. */
export type LockedWork<Result> = (lock: HeldLock) => Promise<Result> | Result;

/** After how many times the stale time is over. */
const beatsPerStaleTime = 6;

/** The defaults of `withLock`. */
export const lockDefaults = Object.freeze({ waitMs: 300_000, staleMs: 60_000, unreadableStaleMs: 600_000 });

/**
 * Runs `work` while no other process, on this host or on another that shares the folder, runs work under the same lock.
 * The lock is a folder at `path`, which nothing else may use; its parent is made when missing. It is given back at every
 * end. That of a dead process is taken over at once, that of a silent one after `staleMs`.
 *
 * Throws `LOCK_TIMEOUT` naming the holder, `LOCK_LOST` when the lock passed to somebody else before the work had ended
 * (what the work threw wins), `ABORTED`, `DISK_FULL`, `OUTPUT_UNWRITABLE`, `INVALID_OPTION`, and what `work` throws.
 */
export async function withLock<Result>(path: string, options: LockOptions & { readonly onTimeout: 'skip' }, work: LockedWork<Result>): Promise<LockOutcome<Result>>;
export async function withLock<Result>(path: string, options: LockOptions & { readonly onTimeout?: 'throw' }, work: LockedWork<Result>): Promise<Result>;
export async function withLock<Result>(path: string, options: LockOptions, work: LockedWork<Result>): Promise<Result | LockOutcome<Result>> {
  const lock = resolveLock(path, options);
  const wait = await waitForLock(lock.path, lock).catch((error: unknown) => {
    throw lock.signal?.aborted === true ? aborted(error) : error;
  });
  lockWaits.publish({ path: lock.path, waitedMs: wait.waitedMs, taken: wait.taken } satisfies LockWait);
  if (!wait.taken) {
    if (lock.onTimeout === 'throw') throw lockTimeout(lock.path, wait);
    lock.logger.warn({ ...wait, path: lock.path }, 'Went on without the work of a lock that somebody else holds');
    return { ran: false, holder: wait.holder, waitedMs: wait.waitedMs };
  }
  const result = await hold(lock, wait, work);
  return lock.onTimeout === 'skip' ? { ran: true, result } : result;
}

type ResolvedLock = Required<Omit<LockOptions, 'signal' | 'onWait'>> & { readonly path: string; readonly signal: AbortSignal | undefined; readonly onWait: LockOptions['onWait'] };

function resolveLock(path: string, options: LockOptions): ResolvedLock {
  checkPath('path', path);
  const { signal, onWait, onTimeout = 'throw', logger = silentLogger, clock = systemClock } = options;
  const { waitMs = lockDefaults.waitMs, staleMs = lockDefaults.staleMs, unreadableStaleMs = lockDefaults.unreadableStaleMs } = options;
  checkAmount('waitMs', waitMs);
  for (const [name, value] of Object.entries({ staleMs, unreadableStaleMs })) if (!(value > 0)) throw invalidOption(name, 'a number above 0', value);
  if (onTimeout !== 'throw' && onTimeout !== 'skip') throw invalidOption('onTimeout', '`throw` or `skip`', onTimeout);
  return { path: resolve(path), waitMs, staleMs, unreadableStaleMs, onTimeout, signal, onWait, logger, clock };
}

/** The lock is given back only when the work has really ended, whatever was aborted. */
async function hold<Result>(lock: ResolvedLock, { name, waitedMs }: { readonly name: string; readonly waitedMs: number }, work: LockedWork<Result>): Promise<Result> {
  const beats = createBeats(lock, name);
  const signal = lock.signal === undefined ? beats.lost : AbortSignal.any([lock.signal, beats.lost]);
  let result: Result;
  try {
    await beats.beat();
    await removeDeadDrafts(lock.path, lock.logger);
    result = await work(Object.freeze({ signal, waitedMs, requireHeld: beats.beat }));
  } catch (error) {
    beats.end();
    await release(lock, name);
    throw error;
  }
  beats.end();
  if (!(await release(lock, name))) throw lockLost(lock.path);
  return result;
}

/** False when the lock had passed on. What cannot be removed goes stale by itself, so it never masks what the work did. */
async function release({ path, logger }: ResolvedLock, name: string): Promise<boolean> {
  try {
    return await giveBack(path, name);
  } catch (error) {
    logger.warn({ err: cleanupError(path, error), path }, 'A lock could not be given back; it goes stale');
    return true;
  }
}

interface Beats {
  /** Aborts with `LOCK_LOST`. */
  readonly lost: AbortSignal;
  /** One sign of life. Throws `LOCK_LOST`. */
  readonly beat: () => Promise<void>;
  readonly end: () => void;
}

/** A sign of life from time to time; one that fails for another reason than a loss is tried again at the next time. */
function createBeats({ path, staleMs, clock, logger }: ResolvedLock, name: string): Beats {
  const lost = new AbortController();
  let timer: Timer | undefined;
  let ended = false;
  const beat = async (): Promise<void> => {
    lost.signal.throwIfAborted();
    if (await touchHolding(path, name, clock.now())) return;
    if (!ended && !lost.signal.aborted) lost.abort(lockLost(path));
    throw lockLost(path);
  };
  const next = (): void => {
    timer = clock.after(staleMs / beatsPerStaleTime, () => {
      void beat().then(schedule, (error: unknown) => {
        if (lost.signal.aborted) return logger.warn({ path }, 'A lock was lost to somebody else while its work ran');
        logger.warn({ err: error, path }, 'A lock could give no sign of life');
        schedule();
      });
    });
  };
  const schedule = (): void => {
    if (!ended) next();
  };
  schedule();
  return {
    lost: lost.signal,
    beat,
    end() {
      ended = true;
      timer?.cancel();
    },
  };
}

function lockLost(path: string): MediaJobError {
  return new MediaJobError('LOCK_LOST', {
    message: `Expected to hold the lock ${JSON.stringify(path)} until the work had ended, got it taken over by another process.`,
    advice: 'This process gave no sign of life for longer than `staleMs`: leave the event loop free while the work runs, and do it again.',
    facts: { path },
  });
}

function aborted(error: unknown): MediaJobError {
  if (MediaJobError.isInstance(error)) return error;
  return new MediaJobError('ABORTED', { message: 'Expected to wait for a lock, got an abort.', advice: 'Ask for the lock again if that was not meant.', cause: error });
}
