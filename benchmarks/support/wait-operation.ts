import { setTimeout as sleep } from 'node:timers/promises';
import { defineOperation } from '@media-jobs/core';
import { z } from 'zod';

/** Waits until it is stopped. */
export const waitLong = defineOperation({
  name: 'wait-long', version: 1, input: z.object({ number: z.number() }), output: z.object({}),
  limits: { softTimeoutMs: 600_000, hardTimeoutMs: 900_000, concurrency: 1 },
  run: async (_input, { signal }) => {
    await sleep(600_000, undefined, { signal });
    return {};
  },
});
