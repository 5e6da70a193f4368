import type { OperationStats, StoreStats } from '@media-jobs/core';
import { indexedStates } from './keys.ts';
import type { Records } from './records.ts';
import { statsScript } from './scripts/read.ts';
import { fieldsOf } from './snapshot.ts';
import type { ScriptRunner } from './script-runner.ts';

type StatsReply = readonly [string, string, readonly string[], readonly string[], readonly number[]];

/** See `JobStore.stats`. Two trips, however many jobs there are. */
export async function stats(records: Records, runner: ScriptRunner): Promise<StoreStats> {
  let { keys } = await records.eras.present();
  const [, now, flat, first, counts] = await records.eras.act<StatsReply>(statsScript, 'read', (era) => ({ keys: [(keys = era.keys).tally, keys.standing, ...indexedStates.map((state) => keys.inState(state)), keys.all], args: [] }));
  const tally = fieldsOf(flat);
  const count = (name: string): number => Number(tally[name] ?? 0);
  const inState = Object.fromEntries(indexedStates.map((state, index) => [state, counts[index] ?? 0])) as Record<(typeof indexedStates)[number], number>;
  const others = Object.values(inState).reduce((sum, jobs) => sum + jobs, 0);
  const operations = Object.keys(tally).flatMap((name) => (name.startsWith('n:') && count(name) > 0 ? [name.slice(2)] : []));
  const longest = await Promise.all(operations.map((operation) => longestOf(runner, keys.longest(operation), count(`c:${operation}`), count(`fl:${operation}`))));
  const byOperation: Record<string, OperationStats> = Object.fromEntries(operations.map((name, index) => [name, {
    waiting: count(`w:${name}`), running: count(`r:${name}`), completed: count(`c:${name}`), failed: count(`f:${name}`), totalWallMs: count(`ms:${name}`), maxWallMs: longest[index] ?? 0,
  }]));
  return {
    byState: { ...inState, completed: Math.max(0, (counts.at(-1) ?? 0) - others) }, deadLetters: count('#dead'), cacheHits: count('#hit'), cacheMisses: count('#miss'), cacheUnusable: count('#unusable'), corrupt: count('#corrupt'),
    files: count('#files'), bytes: count('#bytes'), oldestWaitingMs: first[1] === undefined ? null : Math.max(0, Number(now) - Number(first[1])), byOperation,
  };
}

/**
 * The longest wall time of the completed jobs that are kept. The hundred longest are known; when all of those are gone, the
 * longest that was dropped from them is told instead, which no job that is kept exceeds.
 */
async function longestOf(runner: ScriptRunner, key: string, completed: number, floor: number): Promise<number> {
  if (completed === 0) return 0;
  const [, score] = await runner.command('longest', (client) => client.zrevrange(key, 0, 0, 'WITHSCORES'));
  return score === undefined ? floor : Number(score);
}
