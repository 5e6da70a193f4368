import type { ClaimedJob, JobStore } from '@media-jobs/core';
import type { Redis } from 'ioredis';
import { storeKeys } from '../keys.ts';
import { keys, sampleClaim, sampleRequest } from './sample-jobs.ts';

/** As long as the names of real processes are. */
export const longOwner = `o1-${'5'.repeat(16)}-${'a'.repeat(32)}-4026531836-12345-12345678`;

const noUsage = { wallMs: 1, waitingMs: 0, cpuMs: 0, peakRssBytes: 0, sampled: true } as const;

async function complete(store: JobStore, { key, record }: ClaimedJob): Promise<void> {
  await store.commit(key, { kind: 'completed', output: {}, artifacts: [], outputFolder: `jobs/${record.epoch}/${key.id}/${key.token}`, usage: noUsage });
}

/** A job that does nothing, from submit to commit. */
export async function noOp(store: JobStore, epoch: string, name: string): Promise<ClaimedJob> {
  const outcome = await store.submit(sampleRequest(epoch, name, { options: { number: 1 } }));
  if (outcome.kind === 'refused') throw new Error(outcome.reason);
  const { id, sequence } = outcome.record;
  const [claimed] = await store.claim(sampleClaim({ owner: longOwner, pointers: [{ id, sequence, epoch }] }));
  if (claimed === undefined) throw new Error('not claimed');
  await complete(store, claimed);
  return claimed;
}

/** Many of them, fifty at a time. */
export async function manyNoOps(store: JobStore, epoch: string, count: number, prefix: string): Promise<void> {
  const names = keys(count, prefix);
  for (let start = 0; start < count; start += 500) {
    await Promise.all(names.slice(start, start + 500).map((name) => store.submit(sampleRequest(epoch, name, { options: { number: 1 } }))));
    for (let claimed = await store.claim(sampleClaim({ owner: longOwner, limit: 50 })); claimed.length > 0; claimed = await store.claim(sampleClaim({ owner: longOwner, limit: 50 }))) {
      await Promise.all(claimed.map((one) => complete(store, one)));
    }
  }
}

/** Deletes every job whose time to live is over, as the cleanup loop does, and tells how many those were. */
export async function deleteExpired(store: JobStore): Promise<number> {
  let deleted = 0;
  for (let taken = await store.takeExpired(500); taken.length > 0; taken = await store.takeExpired(500)) {
    const purged = await Promise.all(taken.map(({ id, takeToken }) => store.purge(id, takeToken)));
    if (!purged.every(Boolean)) throw new Error('A job that was taken could not be purged.');
    deleted += taken.length;
  }
  return deleted;
}

export async function usedMemory(admin: Pick<Redis, 'info'>): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await admin.info('memory'))?.[1]);
}

/** Puts this many completed and running jobs that are not due for an hour into the indexes of a store, past the store. */
export async function fillWithLiveJobs(admin: Pick<Redis, 'get' | 'eval'>, prefix: string, count: number): Promise<void> {
  const [era = ''] = ((await admin.get(storeKeys(prefix).epoch)) ?? '').split(' ');
  const { all, expiry, lease, record } = storeKeys(prefix).ofEra(era);
  for (let start = 1; start <= count; start += 100_000) {
    await admin.eval(
      `for i = tonumber(ARGV[3]), tonumber(ARGV[4]) do
        local id = string.format('%026d', i)
        redis.call('ZADD', KEYS[1], i, id)
        redis.call('ZADD', i % 2 == 0 and KEYS[2] or KEYS[3], ARGV[1] + i, id)
        redis.call('HSET', ARGV[2] .. id, 'v', '1', 'st', i % 2 == 0 and 'c' or 'r', 'r', '1')
      end`, 3, all, expiry, lease, String(Date.now() + 3_600_000), record(''), String(start), String(Math.min(count, start + 99_999)),
    );
  }
}

/** The names of the trips that one pass of the cleanup loop makes when nothing is due. */
export async function passWithNothingDue(store: JobStore, trips: string[]): Promise<readonly string[]> {
  trips.length = 0;
  const found = [
    ...(await store.due('lease', { limit: 200 })), ...(await store.due('retry', { limit: 200 })), ...(await store.takeExpired(200)),
  ];
  const { removed, left } = await store.collect(1_000);
  if (found.length + removed + left > 0) throw new Error('Something was due.');
  return [...trips];
}
