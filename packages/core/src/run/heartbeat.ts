import { MediaJobError, type Clock, type Logger, type Timer } from '@media-jobs/foundation';
import type { JobStore } from '../ports/job-store.ts';
import type { ClaimKey, Heartbeat } from '../ports/store-messages.ts';
import type { LeaseKeeper } from './lease-keeper.ts';
import type { Progress } from './progress.ts';
import { createThrottle } from './throttle.ts';

/** The store hears of progress at most once a second, of all jobs in one trip. */
export const storeProgressMs = 1_000;

/** A claim that this process holds. */
export interface BeatingClaim {
  readonly key: ClaimKey;
  /** Its latest progress. */
  progress(): Progress;
  /** The claim has passed on. */
  onLost(): void;
  /** The job is to be cancelled. */
  onCancel(): void;
}

/** Keeps the claims of this process alive. */
export interface Heartbeats {
  /** Beats for the claim until `remove`. */
  add(claim: BeatingClaim): void;
  remove(claim: BeatingClaim): void;
  /** Beats for this claim within a second, because there is something to tell or to ask. */
  soon(claim: BeatingClaim): void;
  /** Tells the store at once what waits to be told of this claim, and resolves when it has answered or was away. */
  flush(claim: BeatingClaim): Promise<void>;
  /** No more beats. */
  end(): void;
}

export interface HeartbeatsOptions {
  readonly store: Pick<JobStore, 'heartbeat'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly heartbeatMs: number;
  readonly leaseMs: number;
  /** Beats while this thread cannot. */
  readonly keeper?: LeaseKeeper | undefined;
}

/** One timer for all claims of the process, and one trip for all of them; no timer while there is none. */
export function createHeartbeats(options: HeartbeatsOptions): Heartbeats {
  const { keeper } = options;
  const claims = new Set<BeatingClaim>();
  const hasty = new Set<BeatingClaim>();
  const beat = createBeat(options, claims);
  const regular = createRegularBeat(options, async () => {
    await beat([...claims]);
    keeper?.alive();
  });
  const hurry = createThrottle<undefined>(storeProgressMs, options.clock, () => {
    const batch = [...hasty];
    hasty.clear();
    void beat(batch);
  });
  return {
    add(claim) {
      claims.add(claim);
      keeper?.hold(claim.key);
      regular.start();
    },
    remove(claim) {
      claims.delete(claim);
      keeper?.drop(claim.key);
      hasty.delete(claim);
      if (claims.size === 0) regular.stop();
    },
    soon(claim) {
      hasty.add(claim);
      hurry.push(undefined);
    },
    async flush(claim) {
      if (hasty.delete(claim)) await beat([claim]);
    },
    end() {
      regular.stop();
      hurry.drop();
      keeper?.[Symbol.dispose]();
    },
  };
}

/** A store that takes longer than the time between two beats is not asked twice. */
function createRegularBeat({ clock, heartbeatMs }: HeartbeatsOptions, beatAll: () => Promise<void>): { start(): void; stop(): void } {
  let timer: Timer | undefined;
  let beating = false;
  const tick = async (): Promise<void> => {
    timer = clock.after(heartbeatMs, () => void tick());
    if (beating) return;
    beating = true;
    await beatAll();
    beating = false;
  };
  return {
    start: () => void (timer ??= clock.after(heartbeatMs, () => void tick())),
    stop() {
      timer?.cancel();
      timer = undefined;
    },
  };
}

/** Sends one batch. A store that is away ends nothing: the work goes on, and the lease decides. */
function createBeat({ store, logger, leaseMs }: HeartbeatsOptions, claims: ReadonlySet<BeatingClaim>): (batch: readonly BeatingClaim[]) => Promise<void> {
  let away = false;
  return async (batch) => {
    const held = batch.filter((claim) => claims.has(claim));
    if (held.length === 0) return;
    try {
      const replies = await store.heartbeat(held.map(toBeat), leaseMs);
      if (away) logger.info({ claims: held.length }, 'The store answers heartbeats again');
      away = false;
      for (const [index, claim] of held.entries()) {
        // A claim that was handed back meanwhile is no longer ours to lose.
        if (!claims.has(claim)) continue;
        if (replies[index] === 'lost') claim.onLost();
        if (replies[index] === 'cancel') claim.onCancel();
      }
    } catch (error) {
      if (!away) logger.warn({ err: MediaJobError.from(error), claims: held.length }, 'The store does not answer heartbeats; the work goes on');
      away = true;
    }
  };
}

function toBeat(claim: BeatingClaim): Heartbeat {
  const { ratio, phase } = claim.progress();
  return { ...claim.key, progress: { ratio, phase } };
}
