import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { JobStore } from '@media-jobs/core';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import { startChild } from './testing/child.ts';
import { scratchFolder } from './testing/scratch-folder.ts';

const rounds = 10;
const processes = ['a', 'b'] as const;
const seed = 20_261_123;

/** What a child said that it had done. */
interface Said {
  readonly submitted?: string | null;
  readonly completed?: string;
}

/** Numbers of 0..1 that are the same for the same seed (mulberry32). */
function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Counts by state as the rows have it, past the tallies that `stats` reads. */
function countRows(file: string): Record<string, number> {
  const database = new DatabaseSync(file);
  try {
    expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    return Object.fromEntries(database.prepare("SELECT json_extract(record, '$.state') AS state, count(*) AS jobs FROM jobs GROUP BY 1").all().map((row) => [row['state'], row['jobs']]));
  } finally {
    database.close();
  }
}

/** Kills the child after it has said this many things, and a moment later: it never pauses between two transactions. */
async function workAndKill(file: string, name: string, things: number, momentMs: number): Promise<Said[]> {
  await using child = startChild('work-until-killed', file, name);
  const said: Said[] = [];
  while (said.length < things) said.push(await child.next() as Said);
  await pause(momentMs);
  child.process.kill('SIGKILL');
  return [...said, ...await child.rest() as Said[]];
}

async function assertKept(store: JobStore, said: readonly Said[]): Promise<void> {
  for (const { submitted, completed } of said) {
    if (typeof submitted === 'string') expect(await store.get(submitted)).not.toBeNull();
    if (completed !== undefined) expect(await store.get(completed)).toMatchObject({ state: 'completed', output: { text: 'one two' } });
  }
}

test(`processes that are killed in the middle of their work lose nothing that was acknowledged, ${rounds * processes.length} times`, async () => {
  await using folder = await scratchFolder();
  const file = folder.at('jobs.db');
  const random = randomFrom(seed);
  const all: Said[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const works = processes.map((name) => workAndKill(file, `${name}${round}`, 3 + Math.floor(random() * 8), random() * 4));
    const said = (await Promise.all(works)).flat();
    all.push(...said);
    await using store = createSqliteStore({ file });
    await assertKept(store, said);
    const rows = countRows(file);
    expect((await store.stats()).byState, 'The tallies are part of the same transactions').toMatchObject(rows);
    const lapsed = await store.due('lease', { limit: 10, deadOwners: processes.map((name) => `${name}${round}`) });
    expect(lapsed.length, 'At most the one job that each was working on').toBeLessThanOrEqual(processes.length);
    expect((await store.stats()).byState.running).toBe(0);
  }
  await using store = createSqliteStore({ file });
  await assertKept(store, all);
  expect(all.filter(({ completed }) => completed !== undefined).length).toBeGreaterThan(rounds);
}, 180_000);
