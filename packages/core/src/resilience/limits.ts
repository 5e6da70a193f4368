import { availableParallelism } from 'node:os';
import { MediaJobError } from '@media-jobs/foundation';
import type { OperationLimits } from '../ports/operation.ts';

/** The limits that an operation has when it names none; those of time it must name. */
export const defaultLimits = Object.freeze({ maxAttempts: 3, retryBaseMs: 1_000, retryCapMs: 600_000, maxWaiting: 100 });

/** Limits with every default filled in. */
export type ResolvedLimits = Readonly<Required<OperationLimits>>;

/** The hard limit is at least this many times the soft one, once an attempt has lengthened it. */
const hardFactor = 1.2;

/** Half the cores, at least one: media work is bound by the processor, and the host has other work too. */
export function defaultConcurrency(): number {
  return Math.max(1, Math.floor(availableParallelism() / 2));
}

/** Fills in the defaults and checks each limit. Throws `INVALID_OPTION`. */
export function resolveLimits(limits: OperationLimits): ResolvedLimits {
  const {
    softTimeoutMs,
    hardTimeoutMs,
    maxAttempts = defaultLimits.maxAttempts,
    retryBaseMs = defaultLimits.retryBaseMs,
    retryCapMs = defaultLimits.retryCapMs,
    concurrency = defaultConcurrency(),
    maxWaiting = defaultLimits.maxWaiting,
  } = limits;
  const resolved: ResolvedLimits = { softTimeoutMs, hardTimeoutMs, maxAttempts, retryBaseMs, retryCapMs, concurrency, maxWaiting };
  for (const name of ['softTimeoutMs', 'hardTimeoutMs', 'retryBaseMs', 'retryCapMs'] as const) {
    if (!(Number.isFinite(resolved[name]) && resolved[name] > 0)) throw refusal(name, 'a number of milliseconds above 0', resolved[name]);
  }
  for (const name of ['maxAttempts', 'concurrency', 'maxWaiting'] as const) {
    if (!(Number.isSafeInteger(resolved[name]) && resolved[name] > 0)) throw refusal(name, 'a whole number of at least 1', resolved[name]);
  }
  if (hardTimeoutMs < softTimeoutMs) throw refusal('hardTimeoutMs', `at least softTimeoutMs (${softTimeoutMs})`, hardTimeoutMs);
  if (retryCapMs < retryBaseMs) throw refusal('retryCapMs', `at least retryBaseMs (${retryBaseMs})`, retryCapMs);
  return Object.freeze(resolved);
}

/** Time limits of one attempt. */
export type TimeLimits = Pick<ResolvedLimits, 'softTimeoutMs' | 'hardTimeoutMs'>;

/**
 * The limits after work turned out to be longer: the soft one is the larger of the two, the hard one stands the same
 * distance above it and is at least 1.2 × what was asked for.
 */
export function lengthenLimits(limits: TimeLimits, softTimeoutMs: number): TimeLimits {
  const soft = Math.max(limits.softTimeoutMs, softTimeoutMs);
  const distance = limits.hardTimeoutMs - limits.softTimeoutMs;
  return { softTimeoutMs: soft, hardTimeoutMs: Math.max(soft + distance, hardFactor * softTimeoutMs) };
}

function refusal(name: string, expected: string, value: unknown): MediaJobError {
  return new MediaJobError('INVALID_OPTION', {
    message: `Expected \`limits.${name}\` to be ${expected}, got \`${String(value)}\`.`,
    advice: 'Correct the limits of the operation.',
    facts: { option: `limits.${name}`, value: String(value) },
  });
}
