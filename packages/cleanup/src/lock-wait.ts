import { MediaJobError, type Clock, type Logger } from '@media-jobs/foundation';
import { parseOwner, type OwnerState } from '@media-jobs/process';
import { holdingName, ownerState, readHolding, takeFree, takeOver, type Holding } from './lock-place.ts';

/** Who has a lock that somebody waits for. */
export interface LockHolder {
  /** As `ownerId()` of `@media-jobs/process` names it; `undefined` when another version wrote it. */
  readonly owner: string | undefined;
  /** Its process, in the pid namespace of its own. */
  readonly pid: number | undefined;
  /** `unknown`: of another host or container, or of a version that cannot be read here. */
  readonly state: OwnerState;
  /** Since its last sign of life, by the clocks of both hosts. */
  readonly silentMs: number;
}

/** What decides about waiting. */
export interface LockWaitOptions {
  readonly waitMs: number;
  readonly staleMs: number;
  readonly unreadableStaleMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal | undefined;
  readonly onWait: ((holder: LockHolder) => void) | undefined;
}

/** What became of the wait. */
export type Wait = { readonly taken: true; readonly name: string; readonly waitedMs: number } | { readonly taken: false; readonly holder: LockHolder; readonly waitedMs: number };

/** Between two looks at a lock that is held: soon for what takes moments, and no burden for what takes minutes. */
const [firstPollMs, longestPollMs] = [50, 500];

/**
 * Waits until the lock is ours, or the time is over. A dead holder's lock is taken over at the next look. A silent one's
 * is so when it has given no sign for `staleMs` and was watched for a third of that: after a sleep of the machine, or a
 * jump of its clock, every sign looks old, and its holder must have had the time to give another.
 */
export async function waitForLock(path: string, options: LockWaitOptions): Promise<Wait> {
  const { clock, waitMs, signal, logger, onWait } = options;
  const [name, startedAt, watch] = [holdingName(), clock.monotonic(), createWatch(options)];
  let told = false;
  for (;;) {
    signal?.throwIfAborted();
    const holding = await readHolding(path);
    const waitedMs = clock.monotonic() - startedAt;
    if (holding === undefined) {
      if (await takeFree(path, name)) return { taken: true, name, waitedMs };
      continue;
    }
    const reason = watch(holding);
    if (reason !== undefined) {
      if (!(await takeOver(path, holding, name, { ifUntouched: reason === 'silent' }))) continue;
      logger.warn({ path, holder: describe(holding, clock), reason }, 'Took over a lock that its holder had left');
      return { taken: true, name, waitedMs };
    }
    if (waitedMs >= waitMs) return { taken: false, holder: describe(holding, clock), waitedMs };
    if (!told) onWait?.(describe(holding, clock));
    told = true;
    await clock.sleep(Math.min(firstPollMs + waitedMs / 20, longestPollMs, waitMs - waitedMs), signal);
  }
}

/** Tells why a holding may be taken over, from what was seen of it since the watch began. */
function createWatch({ clock, staleMs, unreadableStaleMs }: LockWaitOptions): (holding: Holding) => 'dead' | 'silent' | undefined {
  let last: Holding | undefined;
  let since = 0;
  return (holding) => {
    if (last?.name !== holding.name || last.touchedAt !== holding.touchedAt) since = clock.monotonic();
    last = holding;
    if (ownerState(holding) === 'dead') return 'dead';
    const limitMs = holding.owner === undefined ? unreadableStaleMs : staleMs;
    const watchedMs = clock.monotonic() - since;
    const silent = watchedMs >= limitMs || (watchedMs >= staleMs / 3 && clock.now() - holding.touchedAt >= limitMs);
    return silent ? 'silent' : undefined;
  };
}

function describe(holding: Holding, clock: Clock): LockHolder {
  const { owner, touchedAt } = holding;
  return { owner, pid: owner === undefined ? undefined : parseOwner(owner).pid, state: ownerState(holding), silentMs: Math.max(0, Math.round(clock.now() - touchedAt)) };
}

/** A `LOCK_TIMEOUT` that names the holder. */
export function lockTimeout(path: string, { holder, waitedMs }: { readonly holder: LockHolder; readonly waitedMs: number }): MediaJobError {
  const who = holder.pid === undefined ? 'a process of another version' : `process ${holder.pid}${holder.state === 'unknown' ? ' of another host or container' : ''}`;
  return new MediaJobError('LOCK_TIMEOUT', {
    message: `Expected to get the lock ${JSON.stringify(path)} within ${Math.round(waitedMs)} ms, got none: ${who} holds it (last sign of life ${holder.silentMs} ms ago).`,
    advice: 'Wait for that process to end its work, end it, or allow more time.',
    facts: { path, holder, waitedMs: Math.round(waitedMs) },
  });
}
