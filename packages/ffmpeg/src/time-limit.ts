import { requireNumber } from './option-checks.ts';
import type { FfmpegLimits } from './options.ts';

/** How a caller changes the time limit of one call. */
export interface TimeLimitOptions {
  /** Allows more time than the computed limit; less only with `exact`. */
  readonly timeoutMs?: number;
  /** `timeoutMs` is the limit, whatever was computed. */
  readonly exact?: boolean;
}

/** A time limit and what it came from, for the log. */
export interface TimeLimit {
  readonly timeoutMs: number;
  readonly from: 'size' | 'duration' | 'caller';
  readonly sizeMs: number;
  readonly durationMs: number;
}

const bytesPerMB = 1_048_576;

/**
 * The time that decoding a file may take: `msPerMB` for each MB within `minTimeoutMs` and `maxTimeoutMs`, or its duration
 * at `minSpeed`, the larger. The bounds hold for the part by size only: six hours of audio may take six hours.
 */
export function timeLimit(input: { readonly bytes: number; readonly durationSeconds: number | undefined }, limits: FfmpegLimits, options: TimeLimitOptions = {}): TimeLimit {
  const { timeoutMs, exact = false } = options;
  if (timeoutMs !== undefined) requireNumber('timeoutMs', timeoutMs, 1);
  const sizeMs = Math.min(limits.maxTimeoutMs, Math.max(limits.minTimeoutMs, Math.ceil((input.bytes / bytesPerMB) * limits.msPerMB)));
  const durationMs = Math.ceil(((input.durationSeconds ?? 0) / limits.minSpeed) * 1000);
  const computed = Math.max(sizeMs, durationMs);
  if (timeoutMs !== undefined && (exact || timeoutMs > computed)) return { timeoutMs, from: 'caller', sizeMs, durationMs };
  return { timeoutMs: computed, from: durationMs > sizeMs ? 'duration' : 'size', sizeMs, durationMs };
}
