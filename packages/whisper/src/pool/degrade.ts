import { MediaJobError, type Logger } from '@media-jobs/foundation';

/** A step down after memory ran out: the same again, one beam, the smaller model that was allowed, the processor in place of the card. */
export type DegradeStep = 'retry' | 'smaller-beam' | 'smaller-model' | 'cpu';

/** What a run can be made smaller by. */
export interface DegradePlan {
  readonly beamSize: number;
  readonly hasSmallerModel: boolean;
  readonly onGpu: boolean;
}

/** The steps that make a difference, in their order. */
export function stepsOf({ beamSize, hasSmallerModel, onGpu }: DegradePlan): readonly DegradeStep[] {
  return ['retry', ...(beamSize > 1 ? (['smaller-beam'] as const) : []), ...(hasSmallerModel ? (['smaller-model'] as const) : []), ...(onGpu ? (['cpu'] as const) : [])];
}

/** Tries, and after each `MEMORY_SHORT` tries again with one more step taken. Rejects with the first other error, or the last. */
export async function degrading<Result>(steps: readonly DegradeStep[], logger: Logger, attempt: (taken: readonly DegradeStep[]) => Promise<Result>): Promise<{ readonly result: Result; readonly degraded: readonly DegradeStep[] }> {
  for (let taken = 0; ; taken += 1) {
    const degraded = steps.slice(0, taken);
    try {
      return { result: await attempt(degraded), degraded };
    } catch (error) {
      if (!MediaJobError.isInstance(error) || error.code !== 'MEMORY_SHORT' || taken === steps.length) throw error;
      logger.warn({ err: error, step: steps[taken] }, 'memory ran out; trying again with less');
    }
  }
}
