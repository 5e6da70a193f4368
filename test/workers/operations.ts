import { setTimeout as sleep } from 'node:timers/promises';
import { defineOperation } from '@media-jobs/core';
import { z } from 'zod';

/** Takes its time, and tells which process did it. */
export const takeTime = defineOperation({
  name: 'take-time',
  version: 1,
  input: z.object({ number: z.number(), ms: z.number() }),
  output: z.object({ number: z.number(), pid: z.number() }),
  limits: { softTimeoutMs: 60_000, hardTimeoutMs: 90_000, concurrency: 2, maxWaiting: 10_000, retryBaseMs: 50 },
  run: async ({ number, ms }, { signal }) => {
    await sleep(ms, undefined, { signal });
    return { number, pid: process.pid };
  },
});

/** What `media-jobs worker --module` reads. */
export const operations = [takeTime];
