import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMemoryStore, jobStates, type ClaimKey, type JobFilter, type JobPointer, type JobStore, type Outcome, type TakenJob } from '@media-jobs/core';
import { createFakeClock, type FakeClock } from '@media-jobs/core/testing';
import { createRedisStore } from '@media-jobs/redis-store';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import { startRedis } from '../packages/redis-store/src/testing/redis-server.ts';
import { sampleClaim, sampleRequest } from '../packages/sqlite-store/src/testing/sample-jobs.ts';
import { scratchFolder } from '../packages/sqlite-store/src/testing/scratch-folder.ts';

/** One store in a run, with what its callers hold. All stores of a run hold the same, under other random names. */
interface Player {
  readonly store: JobStore;
  readonly clock: FakeClock;
  readonly claims: ClaimKey[];
  readonly pointers: JobPointer[];
  readonly taken: TakenJob[];
}

type Step = (player: Player) => Promise<unknown>;

/**
 * Redis has a time of its own, which the test moves along: it is late by the milliseconds of a call. All times that pass
 * are multiples of this step, and no limit lies within a second of one, so that being late changes nothing.
 */
const stepMs = 7_000;
const leaseMs = 100_000;
const usage = { wallMs: 500, waitingMs: 0, cpuMs: 300, peakRssBytes: 2_000, sampled: true } as const;
const error = { code: 'PROGRAM_FAILED', class: 'transient', message: 'Expected exit code 0, got 1.' } as const;
const outcomes: readonly Outcome[] = [
  { kind: 'completed', output: { text: 'one' }, artifacts: [{ name: 'a.txt', bytes: 70, sha256: '1'.repeat(64) }], outputFolder: 'jobs/out', usage },
  { kind: 'retry', error, delayMs: 50_000, charged: true, usage, logTail: ['last line'] },
  { kind: 'retry', error, delayMs: 50_000, charged: false, usage },
  { kind: 'retry', error, delayMs: 1, charged: false, usage },
  { kind: 'failed', error, usage },
  { kind: 'cancelled', usage },
];

/** The newest but `back`; an old or a foreign one is as good a call as any. */
function pick<Item>(items: readonly Item[], back: number, otherwise: Item): Item {
  return items.at(-1 - back) ?? otherwise;
}

const byId = <Item extends { readonly id?: string; readonly pointer?: JobPointer }>(items: readonly Item[]): Item[] =>
  [...items].sort((left, right) => ((left.id ?? left.pointer?.id ?? '') < (right.id ?? right.pointer?.id ?? '') ? -1 : 1));

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
const idOf = (name: string): string => sampleRequest('', name).id;
const back = fc.nat(2);
const noClaim: ClaimKey = { id: idOf('a'), token: 'none' };
const operations = ['transcribe', 'prepare-speech'];

const submit = fc.record({ name: key, operation: fc.constantFrom(...operations), priority: fc.nat(1), fresh: fc.boolean(), namespace: fc.constantFrom('', 'tenant'), maxWaiting: fc.constantFrom(2, 100), ttlMs: fc.constantFrom(200_000, 600_000) })
  .map(({ name, ttlMs, ...changes }): Step => async ({ store, pointers }) => {
    const outcome = await store.submit(sampleRequest(await store.epoch(), name, { ...changes, policy: { maxAttempts: 2, maxLosses: 2, ttlMs } }));
    if (outcome.kind !== 'refused') pointers.push({ id: outcome.record.id, sequence: outcome.record.sequence, epoch: outcome.record.epoch });
    return outcome;
  });
const claim = fc.record({ pointed: fc.boolean(), back }).map(({ pointed, back: from }): Step => async ({ store, claims, pointers }) => {
  const claimed = await store.claim(sampleClaim({ leaseMs, operations, ...(pointed ? { pointers: pointers.slice(-1 - from) } : {}) }));
  claims.push(...claimed.map((each) => each.key));
  return claimed;
});
const commit = fc.record({ back, outcome: fc.constantFrom(...outcomes), next: fc.boolean() }).map(({ back: from, outcome, next }): Step => async ({ store, claims }) => {
  const reply = await store.commit(pick(claims, from, noClaim), outcome, next ? sampleClaim({ leaseMs, operations }) : undefined);
  claims.push(...reply.next.map((each) => each.key));
  return reply;
});
const takeExpired: Step = async ({ store, taken }) => {
  const jobs = byId(await store.takeExpired(100));
  taken.push(...jobs);
  return jobs;
};
const filter: fc.Arbitrary<JobFilter> = fc.record({ states: fc.subarray([...jobStates]), operation: fc.constantFrom(...operations), namespace: fc.constantFrom('', 'tenant'), deadLetter: fc.boolean() }, { requiredKeys: [] });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: submit }, { weight: 6, arbitrary: claim }, { weight: 6, arbitrary: commit },
  { weight: 3, arbitrary: fc.constant<Step>(({ store }) => store.due('retry', { limit: 100 }).then(byId)) },
  back.map((from): Step => ({ store, claims }) => store.heartbeat([{ ...pick(claims, from, noClaim), progress: { ratio: from / 3, phase: 'listening' } }, noClaim], leaseMs)),
  back.map((from): Step => ({ store, claims }) => store.release(pick(claims, from, noClaim))),
  key.map((name): Step => ({ store }) => store.requestCancel(idOf(name))),
  key.map((name): Step => ({ store }) => store.redrive(idOf(name))),
  fc.constantFrom('lease' as const, 'dispatch' as const).map((kind): Step => async ({ store }) => byId(await store.due(kind, { limit: 100 }))),
  fc.constant<Step>(({ store }) => store.due('lease', { limit: 100, deadOwners: ['worker-1'] }).then(byId)),
  fc.constant(takeExpired),
  key.map((name): Step => async ({ store, taken }) => { const job = await store.takeNow(idOf(name)); if (job !== null) taken.push(job); return job; }),
  back.map((from): Step => ({ store, taken }) => store.purge(pick(taken, from, { id: idOf('a'), takeToken: 'none', folders: [], bytes: 0 }).id, pick(taken, from, { id: '', takeToken: 'none', folders: [], bytes: 0 }).takeToken)),
  fc.option(filter, { nil: {} }).map((wanted): Step => async ({ store }) => {
    const pages = [await store.list(wanted, { limit: 2 })];
    for (let cursor = pages[0]?.cursor; cursor !== undefined; cursor = pages.at(-1)?.cursor) pages.push(await store.list(wanted, { limit: 2, cursor }));
    return pages;
  }),
  fc.constant<Step>(({ store }) => store.stats()),
  fc.constant<Step>(({ store }) => store.countLookup('hit')),
  fc.constant<Step>(({ store }) => store.reset()),
  fc.nat(3).map((limit): Step => ({ store }) => store.collect(limit)),
  fc.constantFrom(7 * stepMs, 16 * stepMs, 100 * stepMs).map((ms): Step => ({ clock }) => clock.advance(ms)),
);

/** Times and what is measured by them, in whole steps since the start: a Redis is some milliseconds late. */
function inSteps(field: string, value: unknown, start: number): unknown {
  if (field === 'cursor') return true;
  if (typeof value !== 'number') return value;
  if (field === 'waitingMs' || field === 'oldestWaitingMs') return Math.round(value / stepMs);
  return Number.isInteger(value) && value >= start ? `step ${Math.round((value - start) / stepMs)}` : value;
}

/** Epochs and tokens are random: each is called by the order in which it was first seen. */
function createNaming(start: number): (value: unknown) => unknown {
  const names = new Map<string, string>();
  const nameOf = (random: string): string => {
    const name = names.get(random) ?? `random-${names.size}`;
    names.set(random, name);
    return name;
  };
  return (value) => {
    const text = JSON.stringify(value, (field, inner: unknown) => inSteps(field, inner, start)) ?? 'null';
    return JSON.parse(text.replaceAll(/\b[0-9a-hjkmnp-tv-z]{26}\b/g, nameOf)) as unknown;
  };
}

async function play(store: JobStore, clock: FakeClock, steps: readonly Step[]): Promise<unknown[]> {
  const player: Player = { store, clock, claims: [], pointers: [], taken: [] };
  const name = createNaming(clock.now());
  const trace: unknown[] = [];
  for (const each of steps) {
    await clock.advance(stepMs);
    trace.push(name(await each(player)));
  }
  trace.push(name(await store.list({}, { limit: 1_000 })), name(await store.stats()));
  return trace;
}

test('whatever is asked in whatever order, all stores give the same answers', async () => {
  await using folder = await scratchFolder({ inMemory: true });
  await using server = await startRedis();
  let runs = 0;
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 50, size: 'max' }), async (steps) => {
    runs += 1;
    const clocks = [createFakeClock(), createFakeClock(), createFakeClock()] as const;
    await using memory = createMemoryStore({ clock: clocks[0] });
    await using sqlite = createSqliteStore({ file: folder.at(`${runs}.db`), clock: clocks[1] });
    await using redis = createRedisStore({ url: server.url, prefix: `run-${runs}`, clockOffsetMs: () => clocks[2].now() - Date.now() });
    const expected = await play(memory, clocks[0], steps);
    expect(await play(sqlite, clocks[1], steps)).toEqual(expected);
    expect(await play(redis, clocks[2], steps)).toEqual(expected);
  }), { numRuns: 120 });
}, 120_000);
