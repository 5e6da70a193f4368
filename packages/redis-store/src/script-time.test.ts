import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { createRedisStore } from '@media-jobs/redis-store';
import { keys, sampleClaim, sampleRequest, sampleSuccess, submitSample } from './testing/sample-jobs.ts';
import { startRedis } from './testing/redis-server.ts';

/** Longest time that a script may block the whole server, in microseconds. */
const bound = 1_000;

/** Every script is met this often with as much as it ever takes, and where the machine is busy more often: the quickest tells its own time, whatever else goes on. */
const [rounds, mostRounds] = [6, 60];
const full = 50;
/** Records that one script of a reset removes. */
const forgotten = 200;

/** The shortest time of each script, by the kind of call that it came with. */
async function quickest(admin: Redis, act: () => Promise<unknown>): Promise<number> {
  await admin.slowlog('RESET');
  await act();
  const entries = (await admin.slowlog('GET', 1_000)) as readonly (readonly [number, number, number, readonly string[]])[];
  const scripts = entries.filter(([, , , [command = '']]) => command.toLowerCase() === 'evalsha').map(([, , micros]) => micros);
  return Math.max(0, ...scripts);
}

test('no script blocks the server for longer than a millisecond, with as many jobs as it takes', async () => {
  await using server = await startRedis(['--save', '', '--appendonly', 'no', '--slowlog-log-slower-than', '0', '--slowlog-max-len', '1000']);
  const admin = new Redis(server.url);
  await using store = createRedisStore({ url: server.url });
  await using other = createRedisStore({ url: server.url });
  let epoch = await store.epoch();
  const times: Record<string, number[]> = {};
  const timed = async <Result>(name: string, act: () => Promise<Result>): Promise<Result> => {
    let result: Result | undefined;
    (times[name] ??= []).push(await quickest(admin, async () => { result = await act(); }));
    return result as Result;
  };
  const best = (): Record<string, number> => Object.fromEntries(Object.entries(times).map(([name, micros]) => [name, Math.min(...micros)]));
  for (let round = 0; round < rounds || (round < mostRounds && Object.values(best()).some((micros) => micros > bound)); round += 1) {
    const requests = keys(full, `round-${round}`).map((key) => sampleRequest(epoch, key, { policy: { maxAttempts: 3, maxLosses: 3, ttlMs: 3_600_000 } }));
    await timed('submit', () => Promise.all(requests.map((request) => store.submit(request))));
    await timed('submit of known jobs', () => Promise.all(requests.map((request) => other.submit(request))));
    const claimed = await timed('claim', () => other.claim(sampleClaim({ limit: full })));
    expect(claimed).toHaveLength(full);
    await timed('heartbeat', () => other.heartbeat(claimed.map(({ key }) => ({ ...key, progress: { ratio: 0.5, phase: 'listening' } })), 30_000));
    await timed('commit', () => Promise.all(claimed.map((one) => other.commit(one.key, sampleSuccess(one)))));
    await timed('read', () => Promise.all(requests.map(({ id }) => store.get(id))));
    await timed('due', () => Promise.all([store.due('lease', { limit: 200 }), store.due('retry', { limit: 200 }), store.takeExpired(200)]));
    await timed('stats', () => store.stats());
    await timed('reset', () => store.reset());
    await timed('collect', () => store.collect(full));
    await Promise.all(keys(forgotten, `more-${round}`).map((key) => submitSample(other, key)));
    await other.reset();
    await timed('collect as many as go at a time', () => other.collect(forgotten));
    epoch = await store.epoch();
  }
  admin.disconnect();
  for (const [name, micros] of Object.entries(best())) expect.soft(micros, `${name}, in microseconds`).toBeLessThanOrEqual(bound);
}, 120_000);
