import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineOperation } from '@media-jobs/core';
import { z } from 'zod';

/** One job in fifty kills whatever process works on it. */
const poisonEvery = 50;

export function isPoison(number: number): boolean {
  return number % poisonEvery === poisonEvery - 1;
}

/** Works for a moment, leaves a file, and tells who did it. */
export const fleetOperation = defineOperation({
  name: 'fleet',
  version: 1,
  input: z.object({ batch: z.string(), number: z.number(), ms: z.number() }),
  output: z.object({ number: z.number(), pid: z.number() }),
  limits: { softTimeoutMs: 20_000, hardTimeoutMs: 30_000, concurrency: 1, maxWaiting: 100_000, retryBaseMs: 50 },
  run: async ({ number, ms }, { signal, artifacts }) => {
    if (isPoison(number)) process.kill(process.pid, 'SIGKILL');
    await sleep(ms, undefined, { signal });
    await writeFile(join(artifacts.folder, 'mark.txt'), `${number}`);
    await artifacts.add('mark.txt', 'text/plain');
    return { number, pid: process.pid };
  },
});
