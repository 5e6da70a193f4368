import type { StoreStats } from '@media-jobs/core';

/** Share of its time that a place may work: beyond it, lines grow quickly whenever jobs come in bursts. */
export const planUtilisation = 0.7;

/** What is asked of the fleet. */
export interface PlanRequest {
  /** Jobs of each operation in an hour. */
  readonly perHour: number | null;
  /** Places (jobs at once) that there are, over all workers. */
  readonly places: number | null;
}

/** What one operation needs, from the times of the completed jobs that are still kept. */
export interface OperationPlan {
  readonly operation: string;
  /** Completed jobs that the estimate rests on. */
  readonly measured: number;
  readonly meanMs: number;
  /** Jobs that one place does in an hour at full use. */
  readonly perPlaceHour: number;
  /** Jobs in line now. */
  readonly waiting: number;
  /** Places for `perHour` at 70 % use; null without it. */
  readonly placesNeeded: number | null;
  /** Jobs in an hour that `places` carry at 70 % use; null without it. */
  readonly carriesPerHour: number | null;
  /** How long `places` take for what is in line, at full use; null without it. */
  readonly clearsInMs: number | null;
}

const hourMs = 3_600_000;

/** Nothing is told of an operation that has completed nothing. */
export function planCapacity({ byOperation }: Pick<StoreStats, 'byOperation'>, { perHour, places }: PlanRequest): readonly OperationPlan[] {
  return Object.entries(byOperation).filter(([, { completed }]) => completed > 0).map(([operation, { completed, totalWallMs, waiting }]) => {
    const meanMs = Math.max(1, totalWallMs / completed);
    return {
      operation, measured: completed, meanMs, waiting,
      perPlaceHour: hourMs / meanMs,
      placesNeeded: perHour === null ? null : Math.ceil((perHour * meanMs) / hourMs / planUtilisation),
      carriesPerHour: places === null ? null : Math.floor((places * hourMs * planUtilisation) / meanMs),
      clearsInMs: places === null ? null : Math.ceil(waiting / places) * meanMs,
    };
  });
}
