import { defineOperation } from '@media-jobs/core';
import { z } from 'zod';

/** Does nothing, eight at a time: what is left is the cost of the jobs themselves. */
export const noop = defineOperation({
  name: 'noop', version: 1, input: z.object({ number: z.number() }), output: z.object({}),
  limits: { softTimeoutMs: 60_000, hardTimeoutMs: 90_000, concurrency: 8, maxWaiting: 1_000_000 }, run: () => Promise.resolve({}),
});
