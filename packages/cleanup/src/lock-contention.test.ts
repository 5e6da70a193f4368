import { mkdirSync, readdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { withLock } from '@media-jobs/cleanup';
import { expect, test } from 'vitest';
import { startChild, type TestChild } from './testing/child.ts';
import { useScratch } from './testing/scratch.ts';

const scratch = useScratch();
/** `npm run test:locks` for the long run. */
const kills = Number(process.env['LOCK_KILLS'] ?? 8);
const seed = Number(process.env['LOCK_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const processes = 20;
const staleMs = 20_000;

interface Line {
  readonly what: 'ready' | 'enter' | 'leave' | 'two holders' | 'crashed';
  readonly at: number;
  readonly pid: number;
  readonly reason?: string;
}

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
function createRandom(from: number): () => number {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Processes that all want one lock, and what they said about it. */
function createCrowd(path: string, witness: string) {
  const lines: Line[] = [];
  const members = new Map<number, TestChild>();
  const listen = async (member: TestChild, pid: number): Promise<void> => {
    try {
      for (;;) lines.push((await member.next()) as Line);
    } catch (error) {
      if (members.has(pid)) lines.push({ what: 'crashed', at: Date.now(), pid, reason: String(error) });
    }
  };
  return {
    lines,
    members,
    holder: () => lines.findLast(({ what }) => what === 'enter' || what === 'leave'),
    async add() {
      const member = startChild('contend-lock', [path, witness, String(staleMs)]);
      const ready = (await member.next()) as Line;
      members.set(ready.pid, member);
      void listen(member, ready.pid);
    },
    async kill(pid: number) {
      const member = members.get(pid);
      members.delete(pid);
      await member?.kill();
    },
  };
}

test(`of ${processes} processes that want one lock while ${kills} of them are killed at random, never two hold it, and it is never free for long (seed ${seed})`, { timeout: 60_000 + kills * 5_000 }, async ({ annotate }) => {
  const random = createRandom(seed);
  mkdirSync(scratch.path('locks'));
  const [path, witness] = [scratch.path('locks', 'lock'), `media-jobs-lock-${process.pid}-${seed}`];
  const crowd = createCrowd(path, witness);
  const deaths: number[] = [];
  await Promise.all(Array.from({ length: processes }, () => crowd.add()));
  for (let kill = 0; kill < kills; kill += 1) {
    await pause(random() * 100);
    const pids = [...crowd.members.keys()];
    const holder = crowd.holder();
    const pid = random() < 0.7 && holder?.what === 'enter' ? holder.pid : (pids[Math.floor(random() * pids.length)] ?? 0);
    deaths.push(Date.now());
    await crowd.kill(pid);
    await crowd.add();
    // Somebody has it again before the next one dies.
    const seen = crowd.lines.length;
    await expect.poll(() => crowd.lines.slice(seen).some(({ what }) => what === 'enter'), { timeout: 3 * staleMs, interval: 5 }).toBe(true);
  }
  await Promise.all([...crowd.members.keys()].map((pid) => crowd.kill(pid)));
  expect(crowd.lines.filter(({ what }) => what === 'two holders' || what === 'crashed')).toEqual([]);
  const longest = longestWithout(crowd.lines, deaths);
  expect(longest).toBeLessThan(staleMs);
  await annotate(`${crowd.lines.filter(({ what }) => what === 'enter').length} holdings; longest time without a holder ${longest} ms`);
  // The next one finds it at once, and clears up after all that died.
  await withLock(path, { waitMs: staleMs }, () => undefined);
  expect(readdirSync(scratch.path('locks'))).toEqual([]);
});

/** From the end of a holding, or the death of its process, to the start of the next one. */
function longestWithout(lines: readonly Line[], deaths: readonly number[]): number {
  const entries = lines.filter(({ what }) => what === 'enter').map(({ at }) => at).sort((a, b) => a - b);
  const ends = [...lines.filter(({ what }) => what === 'leave').map(({ at }) => at), ...deaths];
  return Math.max(...ends.map((end) => (entries.find((at) => at >= end) ?? end) - end));
}
