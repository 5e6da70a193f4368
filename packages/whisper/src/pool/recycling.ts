import type { EngineSession, ReleaseReceipt } from '@media-jobs/core';

/** When a warm engine is ended before its time. */
export interface RecycleLimits {
  /** Runs of one process. Default 100. */
  readonly maxRuns?: number;
  /** Age of one process. Default an hour. */
  readonly maxAgeMs?: number;
}

export const recycleDefaults = Object.freeze({ maxRuns: 100, maxAgeMs: 3_600_000 });

const growthFactor = 2;
const growthBytes = 512 * 1024 * 1024;

/** What is known of one warm engine. */
export class Wear {
  readonly #limits: Required<RecycleLimits>;
  readonly #bornAt: number;
  #runs = 0;
  #baselineBytes: number | undefined;

  constructor(limits: Required<RecycleLimits>, bornAt: number) {
    this.#limits = limits;
    this.#bornAt = bornAt;
  }

  /** After a run: why the engine should go, if it should. `gpuGrew` is what the card says. */
  afterRun({ peakRssBytes }: Pick<EngineSession, 'peakRssBytes'>, now: number, gpuGrew: boolean): ReleaseReceipt['recycled'] | undefined {
    this.#runs += 1;
    this.#baselineBytes ??= peakRssBytes ?? undefined;
    if (this.#runs >= this.#limits.maxRuns) return 'runs';
    if (now - this.#bornAt >= this.#limits.maxAgeMs) return 'age';
    const base = this.#baselineBytes ?? Infinity;
    return gpuGrew || (peakRssBytes ?? 0) > Math.max(growthFactor * base, base + growthBytes) ? 'memory' : undefined;
  }
}
