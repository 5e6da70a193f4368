import { createHash } from 'node:crypto';
import { globSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createMediaJobs, type AnyMediaJobs } from '@media-jobs/core';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { processesOf as childrenOf, untilEmpty } from '../command/leftovers.ts';
import { leftOfChaos, openChaosBench, sha256Of, contentOf, type ChaosBench } from './chaos-bench.ts';
import type { ChaosWorker } from './chaos-worker.ts';
import { storesUnderTest } from './stores-under-test.ts';
import { createDigestOperation } from './worker/digest-operation.ts';
import { createHalt } from './worker/halt.ts';
import { openStore } from './worker/open-store.ts';

/** `npm run test:reset` plays 50. Another seed is another schedule. */
const rounds = Number(process.env['RESET_ROUNDS'] ?? 5);
const seed = Number(process.env['CHAOS_SEED'] ?? 1);
const workerCount = 8;
const leases = { heartbeatMs: 400, leaseMs: 2_000 };

vi.setConfig({ testTimeout: 120_000 + rounds * 30_000 });
afterAll(async () => expect(await leftOfChaos()).toEqual([]));

const draw = (what: string, below: number): number => createHash('sha256').update(`${seed} ${what}`).digest().readUInt32BE() % below;

/** A submit that a worker was told to make. */
interface Sent {
  readonly worker: ChaosWorker;
  readonly name: string;
  readonly file: string;
  /** The new epoch was in force when it was sent. */
  readonly after: boolean;
}

/** Submits without end, each of content of its own, to workers that are awake. */
function submitAllTheTime(bench: ChaosBench, awake: readonly ChaosWorker[], round: number) {
  const sent: Sent[] = [];
  const state = { after: false, ended: false };
  const done = (async () => {
    for (let number = 0; !state.ended; number += 1) {
      const name = `round-${round}-${number}`;
      const worker = awake[draw(`${name} worker`, awake.length)]!;
      const file = bench.inputFile(name);
      sent.push({ worker, name, file, after: state.after });
      await worker.send({ do: 'submit', file });
      await setTimeout(20 + draw(`${name} pause`, 60));
    }
  })();
  return { sent, epochHasChanged: () => void (state.after = true), end: async () => { state.ended = true; await done; } };
}

/** Nothing of an older epoch is on disk; what a submit was just staging goes by itself in a moment. */
async function expectOnlyPresent(bench: ChaosBench): Promise<void> {
  const epoch = await bench.store.epoch();
  expect((await bench.records()).filter((record) => record.epoch !== epoch)).toEqual([]);
  await expect.poll(() => readdirSync(join(bench.workFolder, 'jobs')).filter((name) => name !== epoch), { timeout: 10_000 }).toEqual([]);
  await expect.poll(() => globSync(join(bench.workFolder, 'temp', 'attempts-*', '*')).filter((path) => basename(path) !== epoch), { timeout: 10_000 }).toEqual([]);
  expect(await olderKeys(bench)).toEqual([]);
}

async function olderKeys({ spec }: ChaosBench): Promise<readonly string[]> {
  if (spec.kind !== 'redis') return [];
  const admin = new Redis(spec.url);
  const era = (await admin.get('{media-jobs}:epoch'))?.split(' ')[0] ?? '';
  const keys = await admin.keys('*');
  admin.disconnect();
  return keys.filter((key) => !key.startsWith(`{media-jobs}:${era}`) && !/:(?:epoch|eras|settings|events|cancels)$/.test(key));
}

/** How the submit of this file ended. Where it does not, the failure tells how the store has the jobs that have not ended, and which workers stand halted. */
async function endOf(bench: ChaosBench, worker: ChaosWorker, file: string) {
  try {
    return await Promise.race([worker.until('result', (event) => event.file === file), worker.until('no-result', (event) => event.file === file)]);
  } catch (error) {
    const unended = (await bench.records()).flatMap(({ id, epoch, state, phase, claim }) => (state === 'completed' ? [] : [{ id, epoch, state, phase, claim }]));
    const halted = bench.workers.filter((one) => one.has('reached')).map(({ pid }) => pid);
    throw new Error(`Expected the job of ${basename(file)} to end, got ${JSON.stringify({ epoch: await bench.store.epoch(), unended, halted })}`, { cause: error });
  }
}

/** An epoch begins with its time, in Crockford's base32. */
function timeOf(epoch: string): number {
  return Array.from(epoch.slice(0, 10)).reduce((time, digit) => time * 32 + '0123456789abcdefghjkmnpqrstvwxyz'.indexOf(digit), 0);
}

async function playRound(bench: ChaosBench, resetter: AnyMediaJobs, round: number): Promise<void> {
  const frozen = bench.workers.filter((_, index) => draw(`round ${round} frozen ${index}`, 4) === 0).slice(0, 3);
  const awake = bench.workers.filter((worker) => !frozen.includes(worker));
  const load = submitAllTheTime(bench, awake, round);
  await setTimeout(300 + draw(`round ${round} start`, 500));
  for (const worker of frozen) await bench.freeze(worker);
  const older = bench.workers.flatMap(({ events }) => events.flatMap((event) => (event.event === 'begun' ? [event.token] : [])));
  const report = await resetter.reset({ level: 'deep', queue: true, onProgress: ({ phase, state, target }) => (phase === 'begin' && state === 'ends' && target === 'jobs' ? load.epochHasChanged() : undefined) });
  const told = new Set(bench.workers.flatMap(({ events }) => events.flatMap((event) => (event.event === 'told' ? [event.token] : []))));
  expect(report).toMatchObject({ ok: true, errors: [], left: 0 });
  await expectOnlyPresent(bench);
  for (const worker of frozen) expect(await untilEmpty(() => childrenOf(worker.pid))).toEqual([]);
  for (const worker of frozen) worker.thaw();
  // One that was awake may come to its halt only after the reset: nothing but this has it end that job, which is of the new epoch.
  for (const worker of bench.workers) await worker.send({ do: 'go' });
  await load.end();
  for (const { worker, name, file, after } of load.sent) {
    const ended = await endOf(bench, worker, file);
    if (after || ended.event === 'result') expect(ended).toMatchObject({ event: 'result', sha256: sha256Of(contentOf(name)) });
    else expect(ended).toMatchObject({ code: 'EPOCH_PASSED' });
  }
  const late = bench.workers.flatMap(({ events }) => events.filter((event) => event.event === 'told' && older.includes(event.token) && !told.has(event.token)));
  // One may have been frozen after the store had taken its result and before it read the answer: what counts is when it was taken.
  const changedAt = timeOf(await bench.store.epoch());
  expect(late.filter((event) => event.event === 'told' && event.committed && (event.endedAt ?? Infinity) > changedAt)).toEqual([]);
  await resetter.sweep();
  await expectOnlyPresent(bench);
}

describe.each(storesUnderTest)('on $name', (under) => {
  test(`${rounds} deep resets under load by ${workerCount} workers, some of them frozen: nothing of before is left, and all that came after runs`, async () => {
    await using bench = await openChaosBench(under, leases);
    await Promise.all(Array.from({ length: workerCount }, (_, index) => bench.start(index < 3 ? 'progress-2' : null)));
    const tell = (): void => undefined;
    await using resetter = await createMediaJobs({ operations: [createDigestOperation(createHalt(null, tell), tell)], store: await openStore(bench.spec), workFolder: bench.workFolder, worker: false, ...leases });
    for (let round = 0; round < rounds; round += 1) await playRound(bench, resetter, round);
    await Promise.all(bench.workers.map((worker) => worker.close()));
    expect(await resetter.reset({ level: 'deep' })).toMatchObject({ ok: true });
    await resetter.close();
    expect(await bench.left()).toEqual([]);
  });
});
