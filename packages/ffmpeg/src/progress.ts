import type { Clock } from '@media-jobs/foundation';

/** What a call is doing, in this order. */
export type FfmpegPhase = 'probe' | 'decode' | 'gain' | 'verify';

/** How far a call is. */
export interface FfmpegProgress {
  /** 0..1 of the whole call, never falling; 1 only when the output is in its place. */
  readonly ratio: number;
  readonly phase: FfmpegPhase;
  /** Seconds of audio that are through this phase. */
  readonly seconds: number;
  /** Seconds of audio in all, when they are known. */
  readonly totalSeconds?: number;
}

/** Sends progress to a listener: never backwards, at most four times a second, and 1 at the end. */
export interface ProgressReporter {
  report(phase: FfmpegPhase, seconds: number, totalSeconds: number | undefined): void;
  /** The output is in its place. */
  done(totalSeconds: number): void;
}

/** Where each phase starts and ends within the whole, by the time that they take with common files. */
const parts: Readonly<Record<FfmpegPhase, readonly [start: number, end: number]>> = Object.freeze({
  probe: [0, 0.05],
  decode: [0.05, 0.8],
  gain: [0.8, 0.97],
  verify: [0.97, 0.99],
});
const leastGapMs = 250;

/** Makes a reporter for one call. An error that the listener throws ends the call. */
export function createProgressReporter(clock: Clock, listener: ((progress: FfmpegProgress) => void) | undefined): ProgressReporter {
  let highest = 0;
  let lastSent = Number.NEGATIVE_INFINITY;
  return {
    report(phase, seconds, totalSeconds) {
      const [start, end] = parts[phase];
      const within = totalSeconds === undefined || totalSeconds <= 0 ? 0 : Math.min(1, seconds / totalSeconds);
      highest = Math.max(highest, start + (end - start) * within);
      if (listener === undefined || clock.monotonic() - lastSent < leastGapMs) return;
      lastSent = clock.monotonic();
      listener({ ratio: highest, phase, seconds, ...(totalSeconds === undefined ? {} : { totalSeconds }) });
    },
    done(totalSeconds) {
      listener?.({ ratio: 1, phase: 'verify', seconds: totalSeconds, totalSeconds });
    },
  };
}
