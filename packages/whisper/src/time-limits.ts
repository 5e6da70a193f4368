import { MediaJobError } from '@media-jobs/foundation';
import type { CheckedModel } from './model/model-info.ts';

/** Soft and hard floor of one transcription, whatever the length of the audio. */
export const transcribeFloors = Object.freeze({ softTimeoutMs: 2_700_000, hardTimeoutMs: 3_600_000 });

/** What the limits of one run depend on. */
export interface Workload {
  readonly durationSeconds: number;
  /** Audio seconds that are heard in one second, at the least. */
  readonly minSpeed: number;
}

/** Milliseconds for one transcription: by the length of the audio, and never below the floor. */
export function softLimitMs({ durationSeconds, minSpeed }: Workload): number {
  return Math.max(transcribeFloors.softTimeoutMs, Math.ceil((durationSeconds / minSpeed) * 1000));
}

/**
 * Milliseconds without a sign of progress after which a run is hung. An engine shows itself once for each window of 30 s.
 * Four times the slowest engine that was measured (one thread without AVX: 50 s a window at 74 million weights), two
 * minutes for a window that is decoded six times over, and ten milliseconds for each second of audio, which are all
 * brought to mel frames before the first window.
 */
export function stallLimitMs(model: CheckedModel, durationSeconds: number): number {
  return Math.ceil(120_000 + 2700 * model.parametersMillions + 10 * durationSeconds);
}

/** Milliseconds to load a model: from a disk of 10 MB/s, with half a minute to start. */
export function loadLimitMs(modelBytes: number): number {
  return 30_000 + Math.ceil(modelBytes / 10_000);
}

/** The error of work that had used up its whole limit before it was done. */
export function timeIsUp(limitMs: number): MediaJobError {
  return new MediaJobError('TIMEOUT', {
    message: `Expected the transcription to end within ${limitMs} ms, but there was more to hear.`,
    advice: 'Use a smaller model or a faster engine, or allow more by `timeoutMs`.',
    facts: { limitMs },
  });
}
