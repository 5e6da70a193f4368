import type { ResetOptions } from '@media-jobs/cleanup';
import { z } from 'zod';

const truth = z.union([z.boolean(), z.enum(['true', 'false', '1', '0']).transform((text) => text === 'true' || text === '1')]);

/** What a cleanup shall remove; in the query or in the body, also under the names of the original. */
export const resetFlags = z.strictObject({
  /** All jobs and files, not only what is expired or orphaned. */
  deep: truth.optional(),
  /** The waiting line as well. */
  purgeQueue: truth.optional(),
  purge_queue: truth.optional(),
  purge_celery_queue: truth.optional(),
  /** The models as well. */
  models: truth.optional(),
  /** Turn new work away until it is over. */
  refuseNewWork: truth.optional(),
});

export type ResetFlags = z.output<typeof resetFlags>;

/** A flag that stands anywhere as true is true: one that is read elsewhere than it was sent would do less than was asked for, and say success. */
export function resetOptionsOf(...places: readonly ResetFlags[]): Required<Pick<ResetOptions, 'level' | 'models' | 'queue' | 'refuseNewWork'>> {
  const isSet = (...names: readonly (keyof ResetFlags)[]): boolean => places.some((flags) => names.some((name) => flags[name] === true));
  return { level: isSet('deep') ? 'deep' : 'basic', models: isSet('models'), queue: isSet('purgeQueue', 'purge_queue', 'purge_celery_queue'), refuseNewWork: isSet('refuseNewWork') };
}
