/**
 * What one Redis carries: the cost of each act of the store and the queue, what a worker process asks by itself, and a simulation in
 * which a few processes ask what 10,000 workers ask, in steps up to what is not kept any more. Writes `docs/scaling.md`.
 * `node --conditions=@media-jobs/source benchmarks/scaling.bench.ts [workers] [seconds of a step] [count of each act] [kills]`; needs redis-server.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startRedis } from '../packages/redis-store/src/testing/redis-server.ts';
import { report, table } from './report.ts';
import { memoryOf, partsOf, type Fleet, type Measured, type Part } from './support/scaling/arithmetic.ts';
import { measureConnections } from './support/scaling/connections.ts';
import { openFleet, ratesOf, type FleetFigures } from './support/scaling/fleet.ts';
import { recoveryLeaseMs, recoveryTimes } from './support/recovery-times.ts';
import { measureUnitCosts, type UnitCost } from './support/scaling/unit-costs.ts';
import { measureWorkers } from './support/scaling/worker-costs.ts';

const workers = Number(process.argv[2] ?? 10_000);
const stepSeconds = Number(process.argv[3] ?? 15);
const count = Number(process.argv[4] ?? 3_000);
const kills = Number(process.argv[5] ?? 20);
const jobSeconds = 60;
const ttlSeconds = 86_400;
/** Redis has one processor, they have the others. */
const drivers = Math.max(2, availableParallelism() - 1);
const factors = [0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 16];

/** What a step must keep: far below the lease, and a thread that still has room. */
const limits = { p99Ms: 100, redisShare: 0.9, latenessMs: 20 };

const whole = (value: number): string => Math.round(value).toLocaleString('en');
const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
const megabytes = (bytes: number): string => (bytes / 1e6).toLocaleString('en', { maximumFractionDigits: bytes < 1e7 ? 1 : 0 });
const times = (values: readonly number[]): string => values.map((value) => value.toFixed(1)).join(' / ');

/** What the tables are made of, and how soon the jobs of killed workers ran again, in milliseconds. */
async function measure(url: string, admin: Redis): Promise<Measured & { readonly recovered: readonly number[] }> {
  const workFolder = await mkdtemp(join(tmpdir(), 'media-jobs-scaling-'));
  try {
    const units = await measureUnitCosts(admin, url, count);
    const connections = await measureConnections(admin, url, { sockets: 2_000, followers: 50, events: 500, waiters: 500 });
    const worker = await measureWorkers(admin, url, workFolder, 8);
    return { units, connections, worker, recovered: await recoveryTimes(url, workFolder, kills) };
  } finally {
    await rm(workFolder, { recursive: true });
  }
}

/** Null where all was kept; else what was not, with what was at its end. */
function failureOf({ beats, claims, redisShare, driverShare, latenessMs, failed, unanswered }: FleetFigures): string | null {
  if (redisShare > limits.redisShare) return 'the one thread of Redis';
  // Where nothing was claimed there is no number.
  const late = !(Math.max(beats[1] ?? Infinity, claims[1] ?? Infinity) <= limits.p99Ms);
  if (latenessMs > limits.latenessMs || driverShare > limits.redisShare) return 'the load drivers, not Redis';
  if (failed + unanswered > 0) return `${failed + unanswered} calls`;
  return late ? 'the time to an answer' : null;
}

/** Steps up to the first that is not kept, that one as well, and in any case that of the fleet. What is not kept is tried once more: other work of the machine may have come in between. */
async function climb(url: string, admin: Redis): Promise<readonly FleetFigures[]> {
  await using fleet = await openFleet(admin, url, { workers, jobSeconds, drivers });
  const steps: FleetFigures[] = [];
  for (const factor of factors) {
    const play = () => fleet.play(factor, { warmUpMs: 3_000, forMs: 1_000 * stepSeconds });
    let figures = await play();
    if (failureOf(figures) !== null) figures = await play();
    process.stderr.write(`${factor} ×: ${failureOf(figures) ?? 'kept'}\n`);
    steps.push(figures);
    if (factor >= 1 && failureOf(figures) !== null) break;
  }
  return steps;
}

function unitTable({ units, worker, connections }: Measured): string {
  const row = (name: string, { cpuMicros, commands, bytesIn, bytesOut }: UnitCost): string[] => [name, cpuMicros.toFixed(1), commands.toFixed(1), whole(bytesIn), whole(bytesOut)];
  // Of a handful of processes the time is that of waking a Redis that sleeps, which says nothing about a busy one.
  const asked = (name: string, cost: UnitCost): string[] => row(name, cost).with(1, '');
  return table([
    ['act', 'Redis, µs', 'commands, those in scripts included', 'bytes in', 'bytes out'],
    row('submit', units.submit), row('claim by a pointer', units.claim), row('beat with progress, alone', units.beat), row('the same, one of 100 in a script', units.beatOfHundred), row('commit', units.commit),
    row('queue: put in, taken out, ended', units.queue), row('expiry: taken and deleted', units.expired), row('look at the epoch', units.epochLook), row('wait for cancels and resets, in vain', connections.wait), row('look for what is due, in vain', units.dueLook),
    row('record listed', units.listed), row('event followed', connections.followed), asked('idle worker process, in a second', worker.idle), asked('busy worker process, in a second', worker.busy),
  ]);
}

function fleetTable(measured: Measured, sizes: readonly number[]): string {
  const fleets = sizes.map((size): Fleet => ({ workers: size, jobSeconds, ttlSeconds }));
  const parts = fleets.map((fleet) => partsOf(measured, fleet));
  const cells = (share: number, bytes: number): string => `${percent(share)}, ${megabytes(bytes)} MB/s`;
  const together = (each: readonly Part[]): string => cells(each.reduce((sum, { share }) => sum + share, 0), each.reduce((sum, { bytes }) => sum + bytes, 0));
  const memory = fleets.map((fleet) => memoryOf(measured, fleet));
  return table([
    ['of one Redis', 'formula', ...sizes.map((size) => `${whole(size)} workers`)],
    ...(parts[0] ?? []).map(({ name, formula }, index) => [name, formula, ...parts.map((each) => cells(each[index]?.share ?? 0, each[index]?.bytes ?? 0))]),
    ['**together**', '', ...parts.map(together)],
    ['**together, where all report progress every second**', '1 s in place of 10 s', ...fleets.map((fleet) => together(partsOf(measured, fleet, 1_000)))],
    ['connections', `*P* × ${measured.worker.connections}`, ...sizes.map((size) => whole(size * measured.worker.connections))],
    ['memory of running jobs, MB', `*W* × ${whole(measured.units.runningBytes)} B`, ...memory.map(({ running }) => megabytes(running))],
    ['of completed ones, MB', `*W / L* × *T* × ${whole(measured.units.completedBytes)} B`, ...memory.map(({ kept }) => megabytes(kept))],
    ['of connections, MB', `*P* × ${measured.worker.connections} × ${whole(measured.connections.bytesEach)} B`, ...memory.map(({ clients }) => megabytes(clients))],
  ]);
}

function stepTable(steps: readonly FleetFigures[]): string {
  return table([
    ['rate', 'beats/s', 'jobs/s', 'commands/s', 'MB/s', 'Redis', 'busiest driver', 'beat, ms', 'submit to claim, ms', 'commit, ms', 'drivers late (p99), ms', 'not kept'],
    ...steps.map((step) => {
      const { factor, usage, redisShare, driverShare, beats, claims, commits, latenessMs } = step;
      const [seconds, rates] = [usage.atMs / 1_000, ratesOf({ workers: workers * factor, jobSeconds })];
      return [`${factor} ×`, whole(rates.beats), whole(rates.jobs), whole(usage.commands / seconds), megabytes((usage.bytesIn + usage.bytesOut) / seconds), percent(redisShare), percent(driverShare), times(beats), times(claims), times(commits), latenessMs.toFixed(1), failureOf(step) ?? ''];
    }),
  ]);
}

function recovery(measuredMs: readonly number[]): string {
  const sorted = [...measuredMs].sort((left, right) => left - right);
  const at = (share: number): string => `${((sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN) / 1_000).toFixed(2)} s`;
  return `The job of a worker that is killed (\`kill -9\`) while another of its host stands by runs again after: median ${at(0.5)}, 90 % within ${at(0.9)}, longest ${at(1)}, of ${sorted.length} kills with a lease and a
sweep of ${recoveryLeaseMs / 1_000} s each (the defaults are ten times that).`;
}

function headroom(steps: readonly FleetFigures[]): string {
  const kept = steps.filter((step) => failureOf(step) === null).at(-1);
  const failed = steps.find((step) => failureOf(step) !== null);
  const fleet = steps.find(({ factor }) => factor === 1);
  const shown = fleet === undefined ? '' : `Redis used ${percent(fleet.redisShare)} of its thread at the rate of ${whole(workers)} workers: by its processor time alone it would reach ${percent(limits.redisShare)} at **${(limits.redisShare / fleet.redisShare).toFixed(1)} ×**.`;
  if (kept === undefined) return `No step was kept: ${failed === undefined ? '' : failureOf(failed)}. ${shown}`;
  const first = failed === undefined ? 'nothing failed in these steps' : `what failed first, at ${failed.factor} ×, was ${failureOf(failed)}`;
  return `Greatest rate kept: **${kept.factor} ×**, that of ${whole(workers * kept.factor)} workers, with Redis at ${percent(kept.redisShare)} of its thread; ${first}.
${shown}`;
}

const measured = await (async () => {
  await using server = await startRedis();
  const admin = new Redis(server.url);
  const [found, steps] = [await measure(server.url, admin), await climb(server.url, admin)];
  admin.disconnect();
  return { found, steps };
})();

await report('scaling', 'Measured', `
\`npm run bench -- scaling\`, on one machine of ${availableParallelism()} processors which Redis (no persistence) and the load drivers share. Redis is the processor time of the one thread that runs
commands. Each act was made ${whole(count)} times, alone, one after the other, by a handle of its own; a worker process is a real one with store and queue, one operation and one place.

${unitTable(measured.found)}

A worker process has ${measured.found.worker.connections} connections, ${measured.found.worker.connectionsOfTwo} with two operations; one that does nothing takes ${whole(measured.found.connections.bytesEach)} bytes of Redis (2,000 were opened), which here takes ${whole(measured.found.connections.maxClients)} (\`maxclients\`).

### Arithmetic

*W* workers of one place, each a process (*P* = *W*), jobs of *L* = ${jobSeconds} s, kept for *T* = 24 h; shares of the one thread. This table is multiplied, not measured. Its factors were measured one by one,
where most commands find Redis asleep and wake it: the same rates together cost less. Left out is what BullMQ asks besides: it renews the lock of each job twice a minute, and each worker looks for lost ones as often.

${fleetTable(measured.found, [100, 1_000, 10_000])}

### Simulation

${drivers} processes with 16 stores and queues each hold ${whole(workers)} leases and ask at the rate of 1 × = ${whole(workers)} workers: each beats alone every 10 s with progress, jobs of ${jobSeconds} s are submitted, dispatched through BullMQ,
claimed and committed, each looks at the epoch and asks for cancels every 10 s and for what is due every 30 s; ${stepSeconds} s a step. Calls are made at the times of independent callers whether earlier ones were answered or not, and
their times (p50 / p99 / longest) count from then. A step is kept while the 99 % of beats and of submit to claim stay below ${limits.p99Ms} ms and Redis below ${percent(limits.redisShare)}; where the drivers themselves were late by more than ${limits.latenessMs} ms, or worked
all the time, they are named and not Redis. A step that is not kept is tried once more.

${stepTable(measured.steps)}

${headroom(measured.steps)}

### A worker's death

${recovery(measured.found.recovered)}
`, new URL('../docs/scaling.md', import.meta.url));
