import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBullmqQueue } from '@media-jobs/bullmq';
import { createMediaJobs, defineOperation, type MediaJobs } from '@media-jobs/core';
import { createRedisStore } from '@media-jobs/redis-store';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { suiteRedis } from '../packages/redis-store/src/testing/suite-redis.ts';

const noop = defineOperation({ name: 'noop', version: 1, input: z.object({ number: z.number() }), output: z.object({}), limits: { softTimeoutMs: 60_000, hardTimeoutMs: 90_000, concurrency: 8, maxWaiting: 10_000 }, run: () => Promise.resolve({}) });

const redis = suiteRedis();
let workFolder: string;
beforeAll(() => void (workFolder = mkdtempSync(join(tmpdir(), 'media-jobs-cost-'))));
afterAll(() => rmSync(workFolder, { recursive: true }));

/** Handles of their own, as two processes have. */
function open(worker: boolean, onAttemptEnd: () => void): Promise<MediaJobs<readonly [typeof noop]>> {
  return createMediaJobs({ operations: [noop], store: createRedisStore({ url: redis.server.url }), queue: createBullmqQueue({ connection: redis.server.url }), workFolder, worker, onAttemptEnd });
}

/** What Redis was asked so far: scripts, all commands with those within scripts, and bytes in both directions. */
async function asked(): Promise<{ readonly scripts: number; readonly commands: number; readonly bytes: number }> {
  const [commands, stats] = [await redis.admin.info('commandstats'), await redis.admin.info('stats')];
  const calls = [...commands.matchAll(/cmdstat_(\S+?):calls=(\d+)/g)].map(([, name, count]) => ({ name, count: Number(count) }));
  const bytes = [...stats.matchAll(/total_net_(?:in|out)put_bytes:(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
  const sum = (kept: (name: string | undefined) => boolean): number => calls.reduce((total, { name, count }) => total + (kept(name) ? count : 0), 0);
  return { scripts: sum((name) => name === 'evalsha' || name === 'eval'), commands: sum(() => true), bytes };
}

test('a job that does nothing, sent to another worker, costs at most 50 commands in 2.5 scripts, where BullMQ alone has 33 in 2', async () => {
  const [count, warm] = [400, 40];
  let ended = 0;
  await using _worker = await open(true, () => void (ended += 1));
  await using jobs = await open(false, () => undefined);
  const play = async (from: number, until: number): Promise<void> => {
    await Promise.all(Array.from({ length: until - from }, (_, index) => jobs.submit('noop', { number: from + index })));
    await expect.poll(() => ended, { timeout: 20_000, interval: 5 }).toBe(until);
  };
  await play(0, warm); // All scripts are loaded now.
  const before = await asked();
  await play(warm, warm + count);
  const after = await asked();
  const each = { scripts: (after.scripts - before.scripts) / count, commands: (after.commands - before.commands) / count, bytes: (after.bytes - before.bytes) / count };
  expect(each.scripts).toBeLessThan(2.5);
  expect(each.commands).toBeLessThan(50);
  expect(each.bytes).toBeLessThan(4_800);
}, 30_000);
