/**
 * How long does a deep reset take, beside `redis-cli FLUSHDB` and `rm -rf` of the same, how long does it block Redis, and what
 * memory does it need? `RESET_RECORDS`, `RESET_FILES` and `RESET_ROUNDS` set the size. The reset uses the built packages, as a
 * service does: `npm run build` first. `node --conditions=@media-jobs/source benchmarks/reset.bench.ts`; needs redis-server, 2 GB of
 * memory, and minutes.
 */
import { execFileSync, fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createRedisStore } from '@media-jobs/redis-store';
import { Redis } from 'ioredis';
import { startRedis, type TestRedis } from '../packages/redis-store/src/testing/redis-server.ts';
import { alternate, median, report, table } from './report.ts';
import { favour, unfavour, watchRedis, type Blocked } from './support/redis-watch.ts';
import type { ResetAnswer } from './support/reset-child.ts';
import { filesOfJob, fillStore, fillWorkFolder } from './support/reset-load.ts';

const records = Number(process.env['RESET_RECORDS'] ?? 1_000_000);
const files = Number(process.env['RESET_FILES'] ?? 100_000);
const rounds = Number(process.env['RESET_ROUNDS'] ?? 1);

const load = loadavg()[0] ?? Number.NaN;
const root = await mkdtemp(join(tmpdir(), 'media-jobs-reset-bench-'));
const dump = join(root, 'redis');
await mkdir(dump);

/** Loads what was saved in `dump`, and saves nothing by itself. */
const startFilled = (): Promise<TestRedis> => startRedis(['--save', '', '--appendonly', 'no', '--dir', dump, '--slowlog-log-slower-than', '100', '--slowlog-max-len', '100000']);

/** With nothing to do Redis is watched for so long, to tell what the machine itself does to the pings. */
const quietForMs = 5_000;

/** What one round of one way came to. */
interface Figures {
  readonly wallMs: number;
  readonly blocked: Blocked;
  /** The longest ping while nothing was done. */
  readonly quietMs: number;
  readonly peakBytes: number;
  readonly favoured: boolean;
}

async function fill(): Promise<{ readonly folders: readonly string[]; readonly seconds: number }> {
  await using server = await startFilled();
  await using store = createRedisStore({ url: server.url });
  const startedAt = performance.now();
  const admin = new Redis(server.url);
  const folders = await fillStore(store, admin, records, Math.ceil(files / filesOfJob.length));
  const seconds = (performance.now() - startedAt) / 1_000;
  await admin.save();
  admin.disconnect();
  return { folders, seconds };
}

const filled = await fill();
const fileCount = filled.folders.length * filesOfJob.length;
console.error(`${records} records and ${fileCount} files in ${filled.seconds.toFixed(0)} s`);

/** Begins to remove everything; resolves when that is done. */
type Removal = () => Promise<{ readonly wallMs: number; readonly peakBytes: number }>;

/** Fills a server and a folder, has them emptied, and checks that they are. */
async function measure(prepare: (server: TestRedis, workFolder: string) => Promise<Removal>): Promise<Figures> {
  await using server = await startFilled();
  const workFolder = join(root, 'work');
  await fillWorkFolder(workFolder, filled.folders);
  execFileSync('sync');
  const begin = await prepare(server, workFolder);
  const favoured = favour(server.pid());
  const stopQuiet = await watchRedis(server.url);
  await sleep(quietForMs);
  const { pingMs: quietMs } = await stopQuiet();
  const stop = await watchRedis(server.url);
  const { wallMs, peakBytes } = await begin();
  const blocked = await stop();
  await checkEmpty(server, workFolder);
  await rm(workFolder, { recursive: true, force: true });
  unfavour();
  return { wallMs, blocked, quietMs, peakBytes, favoured };
}

async function checkEmpty(server: TestRedis, workFolder: string): Promise<void> {
  const admin = new Redis(server.url);
  const keys = await admin.dbsize();
  admin.disconnect();
  const left = await readdir(join(workFolder, 'jobs'));
  // A reset leaves the epoch, the list of epochs, the settings, and an entry that tells of it.
  if (keys > 4 || left.length > 0) throw new Error(`Expected nothing to be left, got ${keys} keys and ${left.length} folders.`);
}

async function run(command: string, args: readonly string[]): Promise<void> {
  await once(spawn(command, args, { stdio: 'ignore' }), 'exit');
}

function byHand(): Promise<Figures> {
  return measure((server, workFolder) => Promise.resolve(async () => {
    const startedAt = performance.now();
    await run('redis-cli', ['-p', String(server.port), 'FLUSHDB']);
    await run('rm', ['-rf', ...(await readdir(join(workFolder, 'jobs'))).map((name) => join(workFolder, 'jobs', name))]);
    return { wallMs: performance.now() - startedAt, peakBytes: Number.NaN };
  }));
}

/** The next message of a process; an error when it ends without one. */
async function messageOf<Message>(child: ChildProcess): Promise<Message> {
  const ended = new AbortController();
  child.once('exit', () => ended.abort(new Error('Expected a message of the resetting process, got its end.')));
  const [message] = (await once(child, 'message', { signal: ended.signal })) as [Message];
  return message;
}

function byReset(scope: 'own' | 'prefix'): Promise<Figures> {
  return measure(async (server, workFolder) => {
    const child = fork(fileURLToPath(new URL('./support/reset-child.ts', import.meta.url)), [server.url, workFolder, scope], { execArgv: [] });
    await messageOf(child);
    return async () => {
      child.send('begin');
      const { report: told, wallMs, peakBytes } = await messageOf<ResetAnswer>(child);
      await once(child, 'exit');
      if (!told.ok || told.jobsRemoved !== records || told.filesDeleted !== fileCount) throw new Error(`Expected a complete reset, got ${JSON.stringify(told)}.`);
      console.error(`${scope}: ${wallMs.toFixed(0)} ms, ${JSON.stringify(Object.fromEntries(Object.entries(told.perTarget).map(([name, target]) => [name, target.wallMs])))}`);
      return { wallMs, peakBytes };
    };
  });
}

const figures = await alternate(rounds, { hand: byHand, own: () => byReset('own'), prefix: () => byReset('prefix') });
await rm(root, { recursive: true });

const medianOf = (way: keyof typeof figures, of: (one: Figures) => number): number => median(figures[way].map(of));
const [hand, own, prefixed] = (['hand', 'own', 'prefix'] as const).map((way) => medianOf(way, ({ wallMs }) => wallMs)) as [number, number, number];
const row = (name: string, way: keyof typeof figures): string[] => {
  const times = figures[way].map(({ wallMs }) => wallMs);
  const peak = medianOf(way, ({ peakBytes }) => peakBytes) / 2 ** 20;
  return [name, median(times).toFixed(0), Math.min(...times).toFixed(0), Math.max(...times).toFixed(0), `${(median(times) / hand).toFixed(2)} ×`, medianOf(way, ({ blocked }) => blocked.commandMs).toFixed(1), medianOf(way, ({ blocked }) => blocked.pingMs).toFixed(1), Number.isNaN(peak) ? '' : peak.toFixed(0)];
};
const met = (isMet: boolean): string => (isMet ? 'met' : 'not met');
const worst = (of: (one: Figures) => number): number => Math.max(medianOf('own', of), medianOf('prefix', of));
const [command, ping, peak] = [worst(({ blocked }) => blocked.commandMs), worst(({ blocked }) => blocked.pingMs), worst(({ peakBytes }) => peakBytes) / 2 ** 20];
const quiet = Math.max(...(['hand', 'own', 'prefix'] as const).map((way) => medianOf(way, ({ quietMs }) => quietMs)));

await report('reset', 'A deep reset', `
\`benchmarks/reset.bench.ts\`: ${records.toLocaleString('en')} completed jobs as the store writes them, and ${fileCount.toLocaleString('en')} files in ${filled.folders.length.toLocaleString('en')} folders of jobs;
${rounds === 1 ? 'one round' : `${rounds} rounds, medians`}, each time on a server that has loaded the same dump and on a folder that was filled and synced anew; milliseconds. The reset runs in a
process of its own from the built packages; its time is that of the call, counting what is left included. It has many removals under way at a time, where
\`rm\` waits for each.

${table([
  ['way', 'wall time', 'lowest', 'highest', 'to the first', 'longest command of Redis', 'longest ping meanwhile', 'peak memory of the process, MiB'],
  row('`redis-cli FLUSHDB`, then `rm -rf`', 'hand'), row('reset, database of its own', 'own'), row('reset, keys of the prefix only', 'prefix'),
])}

Own database: ${(own / hand).toFixed(2)} × (goal: at most 1.2 ×, ${met(own <= 1.2 * hand)}); by the keys of its prefix: ${(prefixed / hand).toFixed(2)} × (no goal; here the whole database is the prefix).
Redis was blocked for ${command.toFixed(1)} ms at most by its own account of commands; the longest ping of another client took ${ping.toFixed(1)} ms (goal: at most 20 ms, ${met(command <= 20)} by the first); with nothing
to do the longest ping in ${quietForMs / 1_000} s was ${quiet.toFixed(1)} ms: that much is the machine's other work${figures.own.every(({ favoured }) => favoured) ? ', over which Redis and the pings had priority' : ''}. Peak memory ${peak.toFixed(0)} MiB (goal: at most 200, ${met(peak <= 200)}).
Other work on the machine at the start: a load of ${load.toFixed(1)} on ${availableParallelism()} processors.
`);
