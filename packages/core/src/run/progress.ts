import type { Clock } from '@media-jobs/foundation';
import { createThrottle } from './throttle.ts';

/** How far a job is. */
export interface Progress {
  /** 0..1 */
  readonly ratio: number;
  /** What is being done, such as `decode`. */
  readonly phase: string;
}

/** Listeners in this process hear of progress at most four times a second. */
export const localProgressMs = 250;

/** Takes the reports of one attempt and passes them on, never falling and not too often. */
export interface ProgressReporter {
  report(progress: Progress): void;
  /** Listeners in this process get it with the next progress, or alone; nobody else hears of it. */
  share(part: unknown): void;
  latest(): Progress;
  /** Passes on what is held back, and takes nothing more. */
  end(): void;
}

export interface ProgressReporterOptions {
  readonly clock: Clock;
  /** Where the job stood before this attempt: it never falls below. */
  readonly start: Progress;
  /** Told at most every `localProgressMs`, and of the last value at the end; with all that was shared since. */
  readonly onLocal: (progress: Progress, parts: readonly unknown[]) => void;
  /** Told of every change; writes it when its time comes. */
  readonly onChange: (progress: Progress) => void;
}

/** A report with a lower ratio keeps the ratio and takes the phase; one that says nothing new is not passed on. */
export function createProgressReporter({ clock, start, onLocal, onChange }: ProgressReporterOptions): ProgressReporter {
  let latest = start;
  let ended = false;
  let parts: unknown[] = [];
  const local = createThrottle<Progress>(localProgressMs, clock, (progress) => {
    const shared = parts;
    parts = [];
    onLocal(progress, shared);
  });
  return {
    report({ ratio, phase }) {
      if (ended) return;
      const next = { ratio: Math.max(latest.ratio, clamped(ratio)), phase };
      if (next.ratio === latest.ratio && next.phase === latest.phase) return;
      latest = next;
      local.push(next);
      onChange(next);
    },
    share(part) {
      if (ended) return;
      parts.push(part);
      local.push(latest);
    },
    latest: () => latest,
    end() {
      ended = true;
      local.flush();
    },
  };
}

function clamped(ratio: number): number {
  return Number.isNaN(ratio) ? 0 : Math.min(1, Math.max(0, ratio));
}
