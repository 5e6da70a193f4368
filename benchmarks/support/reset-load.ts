import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openWorkFolder } from '@media-jobs/cleanup';
import { jobIdentity, type ClaimedJob, type JobStore, type SubmitRequest } from '@media-jobs/core';
import { ownerId } from '@media-jobs/process';
import type { Redis } from 'ioredis';
import { shortId, storeKeys } from '../../packages/redis-store/src/keys.ts';
import { redisStoreDefaults } from '../../packages/redis-store/src/options.ts';

/** Files of each job that has any: a transcript in four forms. */
export const filesOfJob = ['transcript.txt', 'transcript.srt', 'transcript.vtt', 'transcript.json'] as const;
const content = 'one two three four five six seven eight nine ten\n'.repeat(4);
const sha256 = 'a'.repeat(64);

/** Jobs that are submitted, committed or copied together. */
const batch = 500;

const { prefix } = redisStoreDefaults;

function request(epoch: string, number: number): SubmitRequest {
  return {
    ...jobIdentity({ operation: 'transcribe', version: 1, namespace: '', options: { number }, inputs: [], facts: {} }), epoch, namespace: '', operation: 'transcribe', operationVersion: 1, options: { number }, inputs: [],
    inputFolder: null, policy: { maxAttempts: 3, maxLosses: 3, ttlMs: 86_400_000 }, priority: 0, correlationId: null, maxWaiting: 10_000_000, fresh: false,
  };
}

async function commit(store: JobStore, epoch: string, { key }: ClaimedJob, withFiles: boolean): Promise<string> {
  const outputFolder = `jobs/${epoch}/${key.id}/${key.token}`;
  const artifacts = withFiles ? filesOfJob.map((name) => ({ name, bytes: content.length, sha256, mediaType: 'text/plain' })) : [];
  await store.commit(key, { kind: 'completed', output: {}, artifacts, outputFolder, usage: { wallMs: 1, waitingMs: 0, cpuMs: 0, peakRssBytes: 0, sampled: true } });
  return outputFolder;
}

/** Takes the jobs of these numbers from submit to commit, through the store itself. Resolves with their folders. */
async function finishJobs(store: JobStore, from: number, to: number, withFiles: boolean): Promise<readonly string[]> {
  const epoch = await store.epoch();
  const folders: string[] = [];
  for (let start = from; start < to; start += batch) {
    await Promise.all(Array.from({ length: Math.min(batch, to - start) }, (_, index) => store.submit(request(epoch, start + index))));
    for (;;) {
      const claimed = await store.claim({ owner: ownerId(), leaseMs: 30_000, operations: ['transcribe'], limit: batch });
      if (claimed.length === 0) break;
      folders.push(...(await Promise.all(claimed.map((one) => commit(store, epoch, one, withFiles)))));
    }
  }
  return folders;
}

/** Jobs without files that the store writes itself; the others are copies of these. */
const originals = 5_000;

/**
 * Copies finished jobs to identities of their own: the record, and its entries in both indexes and the counters that a completed
 * job has. KEYS: all, expiry, tally. ARGV: what the keys of records begin with, then short ids of original and copy, digest and body of the copy.
 */
const copyScript = `
for i = 2, #ARGV, 4 do
  local from, to = ARGV[i], ARGV[i + 1]
  redis.call('COPY', ARGV[1] .. from, ARGV[1] .. to)
  redis.call('HSET', ARGV[1] .. to, 'd', ARGV[i + 2], 'B', ARGV[i + 3])
  redis.call('ZADD', KEYS[1], redis.call('ZSCORE', KEYS[1], from), to)
  redis.call('ZADD', KEYS[2], redis.call('ZSCORE', KEYS[2], from), to)
end
for _, counter in ipairs({'n:transcribe', 'c:transcribe', 'ms:transcribe'}) do redis.call('HINCRBY', KEYS[3], counter, (#ARGV - 1) / 4) end
`;

/**
 * Fills a server with so many finished jobs: those with files and some others by the store, the rest as copies that differ from
 * what it writes in the times only. Resolves with the folders of those that have files.
 */
export async function fillStore(store: JobStore, admin: Pick<Redis, 'get' | 'eval'>, count: number, withFiles: number): Promise<readonly string[]> {
  const written = Math.min(count, withFiles + originals);
  const folders = await finishJobs(store, 0, withFiles, true);
  await finishJobs(store, withFiles, written, false);
  const [era = '', epoch = ''] = ((await admin.get(storeKeys(prefix).epoch)) ?? '').split(' ');
  const { all, expiry, tally, record } = storeKeys(prefix).ofEra(era);
  for (let start = written; start < count; start += batch) {
    const copies = Array.from({ length: Math.min(batch, count - start) }, (_, index) => start + index).flatMap((number) => {
      const { id, digest } = request(epoch, number);
      const original = request(epoch, withFiles + (number % (written - withFiles)));
      return [shortId(original.id), shortId(id), Buffer.from(digest.slice(32), 'hex').toString('base64url'), JSON.stringify({ o: { number } })];
    });
    await admin.eval(copyScript, 3, all, expiry, tally, record(''), ...copies);
  }
  await checkFilled(store, count);
  return folders;
}

/** The store reads a copy as a result of its own, and counts all of them. */
async function checkFilled(store: JobStore, count: number): Promise<void> {
  const last = await store.submit(request(await store.epoch(), count - 1));
  const { byState } = await store.stats();
  if (last.kind !== 'existing' || last.record.state !== 'completed' || byState.completed !== count) throw new Error(`Expected ${count} jobs that the store knows, got ${JSON.stringify({ last, byState })}.`);
}

/** Opens a work folder for the first time, and puts the files of these jobs into it. */
export async function fillWorkFolder(workFolder: string, folders: readonly string[]): Promise<void> {
  await (await openWorkFolder({ folder: workFolder }))[Symbol.asyncDispose]();
  for (let start = 0; start < folders.length; start += batch) {
    await Promise.all(folders.slice(start, start + batch).map(async (folder) => {
      await mkdir(join(workFolder, folder), { recursive: true });
      await Promise.all(filesOfJob.map((name) => writeFile(join(workFolder, folder, name), content)));
    }));
  }
}
