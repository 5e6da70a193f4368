import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBullmqQueue } from '@media-jobs/bullmq';
import { createMediaJobs, defineOperation, type Operation } from '@media-jobs/core';
import { createRedisStore } from '@media-jobs/redis-store';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { countClients } from '../packages/redis-store/src/testing/redis-server.ts';
import { suiteRedis } from '../packages/redis-store/src/testing/suite-redis.ts';

// A factor of docs/scaling.md: what a worker process holds open decides how many of them one Redis takes.

const redis = suiteRedis();
let workFolder: string;
beforeAll(() => void (workFolder = mkdtempSync(join(tmpdir(), 'media-jobs-connections-'))));
afterAll(() => rmSync(workFolder, { recursive: true }));

const operationOf = (name: string, concurrency: number): Operation => defineOperation({ name, version: 1, input: z.object({}), output: z.object({}), limits: { softTimeoutMs: 60_000, hardTimeoutMs: 90_000, concurrency }, run: () => Promise.resolve({}) });

const open = (operations: readonly Operation[]) => createMediaJobs({ operations, store: createRedisStore({ url: redis.server.url }), queue: createBullmqQueue({ connection: redis.server.url }), workFolder, diskReserveBytes: 0 });

test.each([['one operation', 1, 1, 5], ['one operation and eight places', 1, 8, 5], ['three operations', 3, 1, 7]])('a worker process of %s holds its connections, and one more while somebody there follows a job', async (_title, operations, places, expected) => {
  await using jobs = await open(Array.from({ length: operations }, (_, index) => operationOf(`operation-${index}`, places)));
  expect(await countClients(redis.admin, 1 + expected)).toBe(1 + expected);
  await (await jobs.submit('operation-0', {})).result();
  // It watches on for a while, in case the next job is followed as well.
  expect(await countClients(redis.admin, 1 + expected + 1)).toBe(1 + expected + 1);
});
