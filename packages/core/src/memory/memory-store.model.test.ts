import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  applyBeat, applyCancel, applyClaim, applyCommit, applyLapse, applyRedrive, applyRelease, applySubmit, applyTake, applyWake, createMemoryStore, expiryDueAt, hasLapsed, jobRecordSchema, mayPurge,
  type ClaimKey, type JobRecord, type JobStore, type Outcome, type SubmitRequest,
} from '@media-jobs/core';
import { createFakeClock, type FakeClock } from '@media-jobs/core/testing';
import { charged, failure, leaseMs, requestFor, success, uncharged, usage } from '../conformance/jobs-in-states.ts';

/** The moves applied to a plain map, with every question answered by looking at all records. */
class NaiveStore {
  readonly records = new Map<string, JobRecord>();
  older = 0;
  readonly #clock: FakeClock;
  epoch: string;

  constructor(epoch: string, clock: FakeClock) {
    this.epoch = epoch;
    this.#clock = clock;
  }

  get present() {
    return { epoch: this.epoch, now: this.#clock.now() };
  }

  get(id: string): JobRecord | null {
    return this.records.get(id) ?? null;
  }

  put(record: JobRecord | null): void {
    if (record !== null) this.records.set(record.id, record);
  }

  all(...states: JobRecord['state'][]): JobRecord[] {
    return [...this.records.values()].filter(({ state }) => states.includes(state));
  }

  waiting(operation: string): number {
    return this.all('queued', 'retrying').filter((record) => record.operation === operation).length;
  }
}

interface Pair {
  readonly real: JobStore;
  readonly naive: NaiveStore;
  readonly clock: FakeClock;
  /** Keys of claims and takes that were ever drawn, stale ones too. */
  readonly keys: ClaimKey[];
  readonly takes: { readonly id: string; readonly token: string }[];
}

type Step = (pair: Pair) => Promise<void>;

const operations = ['transcribe', 'download'];
const requestOf = (epoch: string, key: number, changes: Partial<SubmitRequest>): SubmitRequest =>
  requestFor(epoch, `talk ${key}`, { operation: operations[key % 2] ?? '', maxWaiting: 1, policy: { maxAttempts: 2, maxLosses: 2, ttlMs: 60_000 }, ...changes });
const idOf = (key: number): string => requestOf('', key, {}).id;

const submit = (key: number, changes: Partial<SubmitRequest>): Step => async ({ real, naive }) => {
  const request = requestOf(naive.epoch, key, changes);
  const expected = applySubmit(naive.get(request.id), request, { ...naive.present, waiting: () => naive.waiting(request.operation) });
  expect(await real.submit(request)).toEqual(expected);
  if (expected.kind === 'created' || expected.kind === 'restarted') naive.put(expected.record);
};

const claim = (limit: number, asked: readonly string[]): Step => async ({ real, naive, keys }) => {
  const inLine = naive.all('queued').filter(({ operation }) => asked.includes(operation));
  const order = inLine.sort((left, right) => right.priority - left.priority || left.queuedAt - right.queuedAt || left.sequence - right.sequence);
  const claimed = await real.claim({ owner: 'worker', leaseMs, operations: asked, limit });
  expect(claimed).toHaveLength(Math.min(limit, order.length));
  for (const { key, record } of claimed) {
    // Jobs that entered the line in the same millisecond may come in any order.
    const before = order.find(({ id }) => id === key.id);
    expect(before).toMatchObject({ priority: order[0]?.priority, queuedAt: order[0]?.queuedAt });
    naive.put(applyClaim(before ?? record, { token: key.token, owner: 'worker', leaseMs, now: naive.present.now }));
    order.splice(order.findIndex(({ id }) => id === key.id), 1);
    keys.push(key);
  }
};

const withKey = (back: number, act: (pair: Pair, key: ClaimKey) => Promise<void>): Step => async (pair) => {
  const key = pair.keys.at(-1 - back);
  if (key !== undefined) await act(pair, key);
};

const beat = (back: number, ratio: number): Step => withKey(back, async ({ real, naive }, key) => {
  const given = { ...key, progress: { ratio, phase: 'working' } };
  const expected = applyBeat(naive.get(key.id), given, { ...naive.present, leaseMs });
  expect(await real.heartbeat([given], leaseMs)).toEqual([expected.reply]);
  naive.put(expected.record);
});

const commit = (back: number, kind: Outcome['kind'] | 'uncharged'): Step => withKey(back, async ({ real, naive }, key) => {
  const record = naive.get(key.id);
  const outcomes = { retry: charged, uncharged, failed: failure, cancelled: { kind: 'cancelled', usage } } as const;
  const outcome: Outcome = kind === 'completed' ? success({ key, record: record ?? ({ id: key.id, epoch: 'e' } as JobRecord) }) : outcomes[kind];
  const expected = applyCommit(record, key, outcome, naive.present);
  expect(await real.commit(key, outcome)).toEqual({ committed: expected !== null, record: expected, next: [] });
  if (expected !== null) expect(record?.claim?.token).toBe(key.token);
  naive.put(expected);
});

const release = (back: number): Step => withKey(back, async ({ real, naive }, key) => {
  const expected = applyRelease(naive.get(key.id), key, naive.present);
  expect(await real.release(key)).toBe(expected !== null);
  naive.put(expected);
});

const cancel = (key: number): Step => async ({ real, naive }) => {
  const record = naive.get(idOf(key));
  const expected = record === null ? null : applyCancel(record, naive.present.now);
  expect(await real.requestCancel(idOf(key))).toBe(expected?.reply ?? 'absent');
  naive.put(expected?.record ?? null);
};

const sweep: Step = async ({ real, naive }) => {
  const { now } = naive.present;
  const lapsed = naive.all('running').filter((record) => hasLapsed(record, now));
  const due = naive.all('retrying').filter(({ retryAt }) => retryAt !== null && retryAt <= now);
  const moved = [...(await real.due('lease', { limit: 100 })), ...(await real.due('retry', { limit: 100 }))];
  expect(new Set(moved.map(({ pointer }) => pointer.id))).toEqual(new Set([...lapsed, ...due].map(({ id }) => id)));
  for (const record of lapsed) naive.put(applyLapse(record, now));
  for (const record of due) naive.put(applyWake(record, now));
};

const takeExpired: Step = async ({ real, naive, takes }) => {
  const { now } = naive.present;
  const due = [...naive.records.values()].filter((record) => (expiryDueAt(record) ?? Infinity) <= now);
  const taken = await real.takeExpired(100);
  expect(new Set(taken.map(({ id }) => id))).toEqual(new Set(due.map(({ id }) => id)));
  for (const job of taken) {
    const expected = applyTake(naive.get(job.id) as JobRecord, { takeToken: job.takeToken, now });
    expect(job).toEqual(expected.taken);
    naive.put(expected.record);
    takes.push({ id: job.id, token: job.takeToken });
  }
};

const takeNow = (key: number): Step => async ({ real, naive, takes }) => {
  const record = naive.get(idOf(key));
  const taken = await real.takeNow(idOf(key));
  const mayTake = record !== null && ['completed', 'failed', 'cancelled', 'expiring'].includes(record.state);
  expect(taken !== null).toBe(mayTake);
  if (record === null || taken === null) return;
  naive.put(applyTake(record, { takeToken: taken.takeToken, now: naive.present.now }).record);
  takes.push({ id: taken.id, token: taken.takeToken });
};

const purge = (back: number): Step => async ({ real, naive, takes }) => {
  const take = takes.at(-1 - back);
  if (take === undefined) return;
  const expected = mayPurge(naive.get(take.id), take.token);
  expect(await real.purge(take.id, take.token)).toBe(expected);
  if (expected) naive.records.delete(take.id);
};

const redrive = (key: number): Step => async ({ real, naive }) => {
  const record = naive.get(idOf(key));
  const expected = record?.state === 'failed' ? applyRedrive(record, naive.present.now) : null;
  expect(await real.redrive(idOf(key))).toEqual(expected);
  naive.put(expected);
};

const reset: Step = async ({ real, naive }) => {
  const epoch = await real.reset();
  expect(epoch > naive.epoch).toBe(true);
  naive.epoch = epoch;
  naive.older += naive.records.size;
  naive.records.clear();
};

const collect = (limit: number): Step => async ({ real, naive }) => {
  const removed = Math.min(limit, naive.older);
  naive.older -= removed;
  expect(await real.collect(limit)).toEqual({ removed, left: naive.older });
};

const advance = (ms: number): Step => ({ clock }) => clock.advance(ms);

const key = fc.nat({ max: 2 });
/** How far back in the list of keys: mostly the last ones, which still hold. */
const pick = fc.constantFrom(0, 0, 0, 1, 2, 5);
const named = <Args extends unknown[]>(name: string, make: (...args: Args) => Step, ...args: { [Index in keyof Args]: fc.Arbitrary<Args[Index]> }) =>
  fc.tuple(...args).map((given) => Object.assign(make(...(given as unknown as Args)), { toString: () => `${name}(${JSON.stringify(given)})` }));

/** Weights, so that jobs get far in their lives before the next reset. */
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 30, arbitrary: named('submit', submit, key, fc.record({ priority: fc.integer({ min: -1, max: 1 }), fresh: fc.boolean(), discardGeneration: fc.integer({ min: 1, max: 2 }) }, { requiredKeys: [] })) },
  { weight: 30, arbitrary: named('claim', claim, fc.nat({ max: 3 }), fc.constantFrom(operations, operations, ['download'], [])) },
  { weight: 30, arbitrary: named('commit', commit, pick, fc.constantFrom('completed', 'failed', 'retry', 'uncharged', 'cancelled')) },
  { weight: 8, arbitrary: named('beat', beat, pick, fc.double({ min: -1, max: 2 })) },
  { weight: 6, arbitrary: named('release', release, pick) },
  { weight: 6, arbitrary: named('cancel', cancel, key) },
  { weight: 10, arbitrary: named('sweep', () => sweep) },
  { weight: 8, arbitrary: named('takeExpired', () => takeExpired) },
  { weight: 20, arbitrary: named('takeNow', takeNow, key) },
  { weight: 20, arbitrary: named('purge', purge, pick) },
  { weight: 8, arbitrary: named('redrive', redrive, key) },
  { weight: 2, arbitrary: named('reset', () => reset) },
  { weight: 2, arbitrary: named('collect', collect, fc.nat({ max: 4 })) },
  { weight: 15, arbitrary: named('advance', advance, fc.constantFrom(0, 1, 5_001, 5_001, leaseMs + 1, 60_001)) },
);

/** What must hold of every record in every state. */
function expectSound(record: JobRecord, sequences: Map<string, number>): void {
  jobRecordSchema.parse(record);
  const { id, state, claim: held, retryAt, takeToken, endedAt, expiresAt, inputFolder, outputFolder, attempts, losses, policy, sequence } = record;
  expect({ state, claim: held !== null, retryAt: retryAt !== null, taken: takeToken !== null }).toEqual({ state, claim: state === 'running', retryAt: state === 'retrying', taken: state === 'expiring' });
  expect(expiresAt).toBe(endedAt === null ? null : endedAt + policy.ttlMs);
  expect(endedAt === null).toBe(['queued', 'running', 'retrying'].includes(state));
  if (state !== 'expiring') expect({ state, input: inputFolder !== null, output: outputFolder !== null }).toEqual({ state, input: state !== 'completed' && state !== 'cancelled', output: state === 'completed' });
  expect(attempts <= policy.maxAttempts && losses <= policy.maxLosses).toBe(true);
  expect(sequence).toBeGreaterThanOrEqual(sequences.get(id) ?? 0);
  sequences.set(id, sequence);
}

test('whatever is done to it, the memory store shows what the moves say, and every record stays valid', async () => {
  const states = new Set<string>();
  await fc.assert(fc.asyncProperty(fc.array(anyStep, { minLength: 30, maxLength: 100, size: 'max' }), async (steps) => {
    const clock = createFakeClock();
    await using real = createMemoryStore({ clock });
    const naive = new NaiveStore(await real.epoch(), clock);
    const sequences = new Map<string, number>();
    const pair: Pair = { real, naive, clock, keys: [], takes: [] };
    for (const step of steps) {
      await step(pair);
      const { jobs } = await real.list({}, { limit: 1_000 });
      expect(new Map(jobs.map((record) => [record.id, record]))).toEqual(naive.records);
      expect(jobs).toHaveLength(naive.records.size);
      for (const id of sequences.keys()) if (!naive.records.has(id)) sequences.delete(id);
      for (const record of jobs) {
        states.add(record.state);
        expectSound(record, sequences);
      }
      expect(new Set(pair.keys.map(({ token }) => token)).size).toBe(pair.keys.length);
    }
  }), { numRuns: 60 });
  expect(states).toEqual(new Set(['queued', 'running', 'retrying', 'completed', 'failed', 'cancelled', 'expiring']));
});
