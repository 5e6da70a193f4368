import { setTimeout } from 'node:timers/promises';
import { createMediaJobs, type MediaJobs } from '@media-jobs/core';
import { scriptedOperation, type AttemptScript, type ScriptedOperation } from '@media-jobs/core/testing';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { leftOfChaos, openChaosBench, type ChaosBench } from './chaos-bench.ts';
import { nowUs } from './messages.ts';
import { storesUnderTest } from './stores-under-test.ts';
import { openStore, shiftedClock } from './worker/open-store.ts';

const hourMs = 60 * 60 * 1000;

/** A time to live or a lease, long enough for a busy machine to look at a job twice before it is over. */
const shortMs = 3_000;
const leases = { heartbeatMs: 300, leaseMs: 1_500 };

vi.setConfig({ testTimeout: 60_000 });
afterAll(async () => expect(await leftOfChaos()).toEqual([]));

/** One process of several on the bench, and the operation as it runs there. */
interface Party extends AsyncDisposable {
  readonly jobs: MediaJobs<readonly [ScriptedOperation<'task'>]>;
  readonly task: ScriptedOperation<'task'>;
}

interface PartyOptions {
  /** What its clock is wrong by. */
  readonly shiftMs?: number;
  /** What its view of the store's time is wrong by: the same, where that is its clock's; else nothing. */
  readonly storeShiftMs?: number;
  readonly ttlHours?: number;
  readonly worker?: boolean;
  readonly script?: readonly AttemptScript[];
}

async function join({ spec, workFolder }: ChaosBench, { shiftMs = 0, storeShiftMs = 0, ttlHours = 0.5, worker = true, script = [[]] }: PartyOptions = {}): Promise<Party> {
  const task = scriptedOperation({ name: 'task', script, limits: { retryBaseMs: 1 } });
  const jobs = await createMediaJobs({
    operations: [task], store: await openStore(spec, storeShiftMs), workFolder, clock: shiftedClock(shiftMs), ttlHours, worker, pollIntervalMs: 100, ...leases,
  });
  return { jobs, task, [Symbol.asyncDispose]: () => jobs.close({ deadlineMs: 0 }) };
}

const output: AttemptScript = [{ do: 'write', name: 'result.txt', content: 'a result' }];
const shifts = [['ahead', hourMs], ['behind', -hourMs]] as const;

describe.each(storesUnderTest)('on $name, with the right time in the store', (under) => {
  test.concurrent.each(shifts)('a process an hour %s neither removes nor repeats a job whose time to live is not over', async (_, shiftMs) => {
    await using bench = await openChaosBench(under, leases);
    await using right = await join(bench, { script: [output] });
    await using wrong = await join(bench, { shiftMs, script: [output] });
    const job = await right.jobs.submit('task', {});
    const before = await job.wait();
    expect(await wrong.jobs.sweep()).toMatchObject({ expired: { jobs: 0 }, lapsed: 0, errors: [] });
    const again = await wrong.jobs.submit('task', {});
    expect(again).toMatchObject({ id: job.id, generation: 1, cached: true });
    expect(await bench.records()).toEqual([before]);
    expect(bench.leftFiles().some((path) => path.endsWith('result.txt'))).toBe(true);
  });

  test.concurrent.each(shifts)('a process an hour %s removes a job whose time to live is over, and its own job is removed by others no later', async (_, shiftMs) => {
    await using bench = await openChaosBench(under, leases);
    const ttlHours = shortMs / hourMs;
    await using right = await join(bench, { script: [output], ttlHours });
    await using wrong = await join(bench, { shiftMs, script: [output], ttlHours });
    for (const [owner, sweeper] of [[right, wrong], [wrong, right]] as const) {
      await (await owner.jobs.submit('task', {})).wait();
      expect((await sweeper.jobs.sweep()).expired.jobs).toBe(0);
      await setTimeout(shortMs + 100);
      expect((await sweeper.jobs.sweep()).expired).toMatchObject({ jobs: 1, files: 1 });
      expect([...(await bench.records()), ...bench.leftFiles().filter((path) => path.endsWith('result.txt'))]).toEqual([]);
    }
  });

  test.concurrent('a process an hour behind gives out no result that is past its time, though no pass has removed it', async () => {
    await using bench = await openChaosBench(under, leases);
    const ttlHours = shortMs / hourMs;
    await using right = await join(bench, { script: [output], ttlHours });
    await using wrong = await join(bench, { shiftMs: -hourMs, script: [output], ttlHours });
    await (await right.jobs.submit('task', {})).wait();
    await setTimeout(shortMs + 100);
    const again = await wrong.jobs.submit('task', {});
    expect(again).toMatchObject({ cached: false, generation: 2 });
    await again.wait();
  });

  test.concurrent.each(shifts)('a process an hour %s takes no claim that holds, loses none of its own, and takes one that has lapsed', async (_, shiftMs) => {
    await using bench = await openChaosBench(under, leases);
    for (const [holderShift, otherShift] of [[0, shiftMs], [shiftMs, 0]] as const) {
      const gate = Promise.withResolvers<void>();
      await using holder = await join(bench, { shiftMs: holderShift, script: [[{ do: 'wait', for: gate.promise }]] });
      const job = await holder.jobs.submit('task', { holderShift });
      await holder.task.started(1);
      await using other = await join(bench, { shiftMs: otherShift });
      await setTimeout(leases.leaseMs + 100);
      expect((await other.jobs.sweep()).lapsed).toBe(0);
      expect(await job.record()).toMatchObject({ state: 'running', losses: 0 });
      gate.resolve();
      expect(await job.wait()).toMatchObject({ state: 'completed', losses: 0, attempts: 1 });
      expect(other.task.calls).toEqual([]);
    }
    await using submitter = await join(bench, { worker: false });
    const lost = await submitter.jobs.submit('task', { lost: true });
    await bench.store.claim({ owner: 'a-worker-elsewhere', leaseMs: shortMs, operations: ['task'], limit: 1 });
    await using wrong = await join(bench, { shiftMs, worker: false });
    expect((await wrong.jobs.sweep()).lapsed).toBe(0);
    await setTimeout(shortMs + 100);
    expect((await wrong.jobs.sweep()).lapsed).toBe(1);
    expect(await lost.record()).toMatchObject({ state: 'queued', losses: 1 });
  });

  test.concurrent.each(shifts)('a retry of a process an hour %s starts when it is due, and not before, whoever looks', async (_, shiftMs) => {
    await using bench = await openChaosBench(under, leases);
    const waitMs = 700;
    const failing: AttemptScript = [{ do: 'fail', code: 'QUEUE_FULL', retryAfterMs: waitMs }];
    await using wrong = await join(bench, { shiftMs, script: [failing, []] });
    await using right = await join(bench, { worker: false });
    const job = await wrong.jobs.submit('task', {});
    await (await wrong.task.started(1)).ended;
    const failedAtUs = nowUs();
    await vi.waitFor(async () => expect((await job.record()).state).toBe('retrying'), { timeout: 5_000 });
    expect([(await right.jobs.sweep()).woken, (await wrong.jobs.sweep()).woken]).toEqual([0, 0]);
    await wrong.task.started(2);
    const waitedMs = (nowUs() - failedAtUs) / 1_000;
    expect(waitedMs).toBeGreaterThanOrEqual(waitMs - 5);
    expect(waitedMs).toBeLessThan(waitMs + 2_000);
    expect(await job.wait()).toMatchObject({ state: 'completed', attempts: 2 });
  });
});

describe.each(storesUnderTest.filter(({ time }) => time === 'of the process'))('on $name, whose time is that of the clock of each process', (under) => {
  const ahead = { shiftMs: hourMs, storeShiftMs: hourMs };
  const behind = { shiftMs: -hourMs, storeShiftMs: -hourMs };

  test.concurrent('a process an hour ahead takes a claim that holds, and yet only one result is written, by the newer claim', async () => {
    await using bench = await openChaosBench(under, leases);
    const gate = Promise.withResolvers<void>();
    await using right = await join(bench, { script: [[{ do: 'wait', for: gate.promise }, ...output]] });
    const job = await right.jobs.submit('task', {});
    const { attempt, ended } = await right.task.started(1);
    await using wrong = await join(bench, { ...ahead, script: [output] });
    await wrong.jobs.sweep();
    const record = await job.wait();
    expect(record).toMatchObject({ state: 'completed', losses: 1, history: [{ ended: 'lost' }, { ended: 'completed' }] });
    await vi.waitFor(() => expect(attempt.signal.reason).toMatchObject({ code: 'CLAIM_LOST' }), { timeout: 5_000 });
    gate.resolve();
    await ended;
    await right.jobs.close();
    expect(await bench.records()).toEqual([record]);
    expect(bench.leftFiles().filter((path) => path.endsWith('result.txt'))).toEqual([`${record.outputFolder}/result.txt`]);
  });

  test.concurrent('a process an hour ahead removes a result an hour early, with its files, and the job can be submitted again', async () => {
    await using bench = await openChaosBench(under, leases);
    await using right = await join(bench, { script: [output] });
    await (await right.jobs.submit('task', {})).wait();
    await using wrong = await join(bench, { ...ahead, worker: false });
    expect((await wrong.jobs.sweep()).expired).toMatchObject({ jobs: 1, files: 1 });
    expect((await (await right.jobs.submit('task', {})).wait()).state).toBe('completed');
  });

  test.concurrent('a process an hour behind removes nothing early; others bring back and remove by their own time what it leaves', async () => {
    await using bench = await openChaosBench(under, leases);
    await using wrong = await join(bench, { ...behind, ttlHours: 0.5 });
    await using right = await join(bench, { worker: false });
    await (await wrong.jobs.submit('task', {})).wait();
    expect((await wrong.jobs.sweep()).expired.jobs).toBe(0);
    // It ended an hour ago by the time of the others, and so its half hour is over.
    expect((await right.jobs.sweep()).expired.jobs).toBe(1);
  });
});
