import type { HealthCheck, HealthReport } from '@media-jobs/core';
import { MediaJobError, systemClock, type Clock } from '@media-jobs/foundation';

/** What became of one check. */
export interface CheckResult extends HealthReport {
  readonly name: string;
  readonly wallMs: number;
}

/** How it stands with a service. */
export interface Health {
  readonly ok: boolean;
  readonly checks: readonly CheckResult[];
}

/** Asks all checks; answers of the last moment are given out again, so that many who ask cost what one does. */
export type HealthAsker = () => Promise<Health>;

/** An answer that is younger than this is not asked for again. */
const freshMs = 1_000;

export interface HealthAskerOptions {
  readonly checks: readonly HealthCheck[];
  /** Of one check. A check that does not answer in time is not healthy, whatever it says later. */
  readonly timeoutMs: number;
  readonly clock?: Clock;
}

/** All checks are asked side by side, so the answer takes no longer than one may. */
export function createHealthAsker({ checks, timeoutMs, clock = systemClock }: HealthAskerOptions): HealthAsker {
  let last: { readonly health: Promise<Health>; until: number } | undefined;
  const askAll = async (): Promise<Health> => {
    const results = await Promise.all(checks.map((check) => ask(check, timeoutMs, clock)));
    if (last !== undefined) last.until = clock.monotonic() + freshMs;
    return { ok: results.every(({ ok }) => ok), checks: results };
  };
  return () => {
    if (last === undefined || clock.monotonic() >= last.until) last = { health: askAll(), until: Infinity };
    return last.health;
  };
}

async function ask(check: HealthCheck, timeoutMs: number, clock: Clock): Promise<CheckResult> {
  const startedAt = clock.monotonic();
  const late = new AbortController();
  const tooLate = new Promise<HealthReport>((resolve) => {
    const timer = clock.after(timeoutMs, () => {
      late.abort();
      resolve({ ok: false, detail: `no answer within ${timeoutMs} ms`, advice: 'Look at it by itself: it hangs, or the machine is overloaded.' });
    });
    late.signal.addEventListener('abort', () => timer.cancel());
  });
  const report = await Promise.race([answerOf(check, late.signal), tooLate]);
  late.abort();
  return { name: check.name, ...report, wallMs: Math.round(clock.monotonic() - startedAt) };
}

async function answerOf(check: HealthCheck, signal: AbortSignal): Promise<HealthReport> {
  try {
    return await check.check(signal);
  } catch (error) {
    const { message, advice } = MediaJobError.from(error);
    return { ok: false, detail: message, ...(advice === undefined ? {} : { advice }) };
  }
}
