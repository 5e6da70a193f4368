import { newEpoch, type JobStore } from '@media-jobs/core';
import { nextEraName, type Eras } from './eras.ts';
import { presentScript } from './scripts/epoch.ts';
import { flushScript } from './scripts/flush.ts';
import type { ScriptRunner } from './script-runner.ts';

/** What the methods of an own database work with. */
export interface OwnDatabaseOptions {
  readonly eras: Eras;
  readonly runner: ScriptRunner;
  readonly clockOffsetMs: () => number;
  /** Collects in batches, for what a reset by other means left. */
  readonly collect: JobStore['collect'];
}

/**
 * `reset` and `collect` where the whole database was declared to be the store's: one act empties it, at a cost that does not
 * grow with what is in it. `collect` then tells of the jobs that went with it.
 */
export function ownDatabase({ eras, runner, clockOffsetMs, collect }: OwnDatabaseOptions): Pick<JobStore, 'reset' | 'collect'> {
  let untold = 0;
  let flushed = false;
  return {
    async reset() {
      for (;;) {
        const { value, name, epoch } = await eras.refresh();
        const [, now] = (await runner.run(presentScript, [eras.keys.epoch], [clockOffsetMs()], 'read')) as [string, string];
        const era = nextEraName(Number(now), name);
        const fresh = `${era} ${newEpoch(Number(now), epoch)}`;
        const [stands, jobs] = (await runner.run(flushScript, [eras.keys.epoch, eras.keys.eras, eras.keys.settings, eras.keys.cancels], [value, fresh, era, eras.keys.base], 'write')) as [string, string];
        if (stands !== fresh) continue;
        untold += Number(jobs);
        flushed = true;
        return (await eras.refresh()).epoch;
      }
    },
    async collect(limit) {
      if (untold > 0) {
        const removed = Math.min(limit, untold);
        untold -= removed;
        return { removed, left: untold, flushed };
      }
      const collected = await collect(limit);
      const told = { ...collected, ...(flushed ? { flushed } : {}) };
      if (limit > 0) flushed = false;
      return told;
    },
  };
}
