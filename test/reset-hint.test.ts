import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBullmqQueue } from '@media-jobs/bullmq';
import { createMediaJobs, defineOperation } from '@media-jobs/core';
import { createRedisStore } from '@media-jobs/redis-store';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { suiteRedis } from '../packages/redis-store/src/testing/suite-redis.ts';

const redis = suiteRedis();
let workFolder: string;
beforeAll(() => void (workFolder = mkdtempSync(join(tmpdir(), 'media-jobs-reset-hint-'))));
afterAll(() => rmSync(workFolder, { recursive: true }));

/** Between two looks at the epoch, and two beats: longer than the test may take. */
const heartbeatMs = 120_000;

test('a worker of a fleet is told of a reset by another machine, and stops what it runs long before its next beat', async () => {
  const [begun, stopped] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const hang = defineOperation({
    name: 'hang', version: 1, input: z.object({}), output: z.object({}), limits: { softTimeoutMs: 600_000, hardTimeoutMs: 900_000 },
    run: (_input, { signal }) => {
      begun.resolve();
      return new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => {
        stopped.resolve();
        reject(signal.reason as Error);
      }));
    },
  });
  // Machines: each with a work folder of its own, so that no mark on a disk tells of the reset either.
  const open = (machine: string, worker: boolean) => createMediaJobs({ operations: [hang], store: createRedisStore({ url: redis.server.url }), queue: createBullmqQueue({ connection: redis.server.url }), workFolder: join(workFolder, machine), diskReserveBytes: 0, heartbeatMs, leaseMs: 3 * heartbeatMs, worker });
  await using here = await open('here', true);
  await using there = await open('there', false);
  await there.submit('hang', {});
  await begun.promise;
  await there.reset({ level: 'deep', queue: true });
  await stopped.promise;
  await expect.poll(async () => (await here.stats()).runner?.running).toBe(0);
  expect((await here.stats()).byState).toMatchObject({ queued: 0, running: 0 });
});
