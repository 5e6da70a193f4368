// One of a few processes that together ask of Redis what thousands of workers do, through the real store and queue.
import { setTimeout as sleep } from 'node:timers/promises';
import { createBullmqQueue, type BullmqQueue } from '@media-jobs/bullmq';
import { mediaJobsDefaults, type ClaimedJob } from '@media-jobs/core';
import { ownerId } from '@media-jobs/process';
import { createRedisStore, type RedisStore } from '@media-jobs/redis-store';
import { Redis } from 'ioredis';
import type { DriverReport, DriverStep, DriverTask, FromDriver } from './fleet-messages.ts';
import { createLatencies } from './latencies.ts';
import { actOpenLoop } from './open-loop.ts';
import { completionOf, lookInVain, operation, requestOf, waitInVain } from './store-load.ts';

/** A claim that some worker holds. */
interface Held {
  readonly claimed: ClaimedJob;
  /** Tells the queue that its handler has ended. */
  readonly end: () => void;
  beats: number;
}

/** What worker processes have: a store, a queue, and claims. */
interface Handle {
  readonly store: RedisStore;
  readonly queue: BullmqQueue;
  readonly held: Held[];
}

const task = JSON.parse(process.argv[2] ?? '') as DriverTask;
const { leaseMs } = mediaJobsDefaults;
const claimOf = { owner: ownerId(), leaseMs, operations: [operation] };
const idleMs = 5_000;
/** Connections that wait for cancels, each a moment at a time: as many such questions begin and end as of thousands that wait for ten seconds. Redis ends them ten times a second. */
const waiters = Array.from({ length: 256 }, () => new Redis(task.url));
const waitMs = 10;
let submitted = 0;
let claimTimes = createLatencies();
process.once('disconnect', () => process.exit());

const openHandle = (): Handle => ({ store: createRedisStore({ url: task.url, prefix: task.prefix }), queue: createBullmqQueue({ connection: task.url, prefix: task.prefix }), held: [] });

/** A handle that holds its share of the claims, and takes what the queue hands out from now on. */
async function openWorkers(): Promise<Handle> {
  const handle = openHandle();
  const { store, queue, held } = handle;
  for (const claimed of await store.claim({ ...claimOf, limit: Math.round(task.claims / task.handles) })) held.push({ claimed, end: () => undefined, beats: 0 });
  await queue.consume(async (pointer) => {
    const [claimed] = await store.claim({ ...claimOf, pointers: [pointer], limit: 1 });
    if (claimed === undefined) return;
    claimTimes.add(performance.timeOrigin + performance.now() - Number(claimed.record.options['at']));
    await new Promise<void>((end) => void held.push({ claimed, end, beats: 0 }));
  }, { [operation]: 1_000_000 });
  return handle;
}

const submitter = openHandle();
const epoch = await submitter.store.epoch();
const handles = await Promise.all(Array.from({ length: task.handles }, openWorkers));

/** How calls are counted: those that are under way, and those that failed or came back lost. */
function createCounts() {
  const counts = { failed: 0, open: 0 };
  const ask = async (call: () => Promise<boolean>, answered: () => void = () => undefined): Promise<void> => {
    counts.open += 1;
    const well = await call().catch(() => false);
    counts.open -= 1;
    if (well) answered();
    else counts.failed += 1;
  };
  return { counts, ask };
}

/** A new job, for a worker of any driver. */
async function submit(at: number): Promise<boolean> {
  const outcome = await submitter.store.submit(requestOf(epoch, `${process.pid}-${(submitted += 1)}`, { at: performance.timeOrigin + at }));
  if (outcome.kind !== 'created') return false;
  const { id, sequence } = outcome.record;
  await submitter.queue.dispatch({ pointer: { id, sequence, epoch }, operation, priority: 0 });
  return true;
}

/** All that is asked in one step: the workers take turns. */
function createAsking() {
  const [beats, commits] = [createLatencies(), createLatencies()];
  const { counts, ask } = createCounts();
  let turn = 0;
  const next = (): Handle | undefined => handles[(turn += 1) % handles.length];
  const beat = (at: number): void => {
    const handle = next();
    const one = handle?.held.shift();
    if (handle === undefined || one === undefined) return;
    handle.held.push(one);
    one.beats += 1;
    void ask(async () => (await handle.store.heartbeat([{ ...one.claimed.key, progress: { ratio: one.beats / 1_000, phase: 'listening' } }], leaseMs))[0] === 'ok', () => beats.add(performance.now() - at));
  };
  const commit = (at: number): void => {
    const handle = next();
    const one = handle?.held.shift();
    if (handle === undefined || one === undefined) return;
    void ask(async () => (await handle.store.commit(one.claimed.key, completionOf(one.claimed))).committed, () => {
      commits.add(performance.now() - at);
      one.end();
    });
  };
  const sweep = (): void => {
    const handle = next();
    if (handle !== undefined) void ask(async () => (await lookInVain(handle.store)) === 0);
  };
  const look = (): void => {
    const handle = next();
    if (handle !== undefined) void ask(async () => (await handle.store.epoch()) === epoch);
  };
  let waited = 0;
  const wait = (): void => {
    const waiter = waiters[(waited += 1) % waiters.length];
    if (waiter !== undefined) void ask(() => waitInVain(waiter, task.prefix, waitMs));
  };
  return { beat, wait, submit: (at: number) => void ask(() => submit(at)), commit, sweep, look, counts, beats, commits };
}

async function play({ beats, jobs, sweeps, looks, waits, warmUpMs, forMs }: DriverStep): Promise<DriverReport> {
  const streams = (asking: ReturnType<typeof createAsking>) => [
    { perSecond: beats, act: asking.beat }, { perSecond: jobs, act: asking.submit }, { perSecond: jobs, act: asking.commit }, { perSecond: sweeps, act: asking.sweep }, { perSecond: looks, act: asking.look }, { perSecond: waits, act: asking.wait },
  ];
  await actOpenLoop(streams(createAsking()), performance.now(), performance.now() + warmUpMs);
  claimTimes = createLatencies();
  process.send?.({ measuring: true } satisfies FromDriver);
  const asking = createAsking();
  const [startAt, cpu] = [performance.now(), process.cpuUsage()];
  const lateness = await actOpenLoop(streams(asking), startAt, startAt + forMs);
  const { user, system } = process.cpuUsage(cpu);
  const cpuShare = (user + system) / 1_000 / (performance.now() - startAt);
  for (const giveUpAt = performance.now() + idleMs; asking.counts.open > 0 && performance.now() < giveUpAt;) await sleep(10);
  return { beats: asking.beats.counts(), claims: claimTimes.counts(), commits: asking.commits.counts(), lateness, failed: asking.counts.failed, unanswered: asking.counts.open, cpuShare };
}

process.on('message', (step: DriverStep) => void play(step).then((report) => process.send?.({ report } satisfies FromDriver)));
process.send?.({ ready: true } satisfies FromDriver);
