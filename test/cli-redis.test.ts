import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startRedis, type TestRedis } from '../packages/redis-store/src/testing/redis-server.ts';
import { counts, detail, list, report } from './command/job-shapes.ts';
import { processesOf, untilEmpty } from './command/leftovers.ts';
import { runCommand as runUncached, type CommandResult } from './command/run-command.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), 'media-jobs-cli-redis-'));
const workFolder = join(folder, 'work');
const file = join(folder, 'talk.mp4');
let server: TestRedis;
let ids: Readonly<Record<string, string>> = {};
let makerPid = 0;

beforeAll(async () => {
  writeFileSync(file, 'not really a film');
  server = await startRedis();
  const maker = fork(fileURLToPath(new URL('./command/job-maker.ts', import.meta.url)), [workFolder, file, 'ended', '1', server.url], { execArgv: ['--conditions=@media-jobs/source'] });
  makerPid = maker.pid ?? 0;
  [ids] = (await once(maker, 'message')) as [Record<string, string>];
  if (maker.exitCode === null) await once(maker, 'exit');
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  expect(await untilEmpty(() => processesOf(makerPid))).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

/** Compiled sources are kept between the many commands: they start much faster. */
const cached = { NODE_COMPILE_CACHE: fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)) };
const runCommand = (words: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<CommandResult> => runUncached(words, { environment: { ...cached, ...environment } });

/** On the Redis of a service, which the environment names. */
const run = (...words: readonly string[]): Promise<CommandResult> =>
  runCommand([...words, '--redis', 'env', '--prefix', 'talks', '--work-folder', workFolder], { REDIS_URL: `redis://127.0.0.1:${server.port}/\${DIVISOR}`, DIVISOR: '0' });
const json = async (...words: readonly string[]): Promise<unknown> => {
  const { stdout, stderr, exitCode } = await run(...words, '--json');
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  return JSON.parse(stdout);
};

test('the jobs of a service whose records are in Redis are listed, shown and counted', async () => {
  const [all, one, letters, stats] = [await json('jobs'), await json('job', ids['complete'] ?? ''), await json('dead-letters'), await json('stats')];
  expect(new Set(list.parse(all).jobs.map(({ id }) => id))).toEqual(new Set(Object.values(ids)));
  expect(existsSync(detail.parse(one).files[0]?.path ?? '')).toBe(true);
  expect(list.parse(letters).jobs.map(({ id }) => id)).toEqual([ids['give-up']]);
  expect(counts.parse(stats)).toMatchObject({ byState: { queued: 1, completed: 1, failed: 2, cancelled: 1 }, deadLetters: 1 });
});

test('looking needs no work folder, and what touches files does', async () => {
  const elsewhere = ['--redis', server.url, '--prefix', 'talks', '--work-folder', join(folder, 'elsewhere')];
  expect((await runCommand(['jobs', ...elsewhere])).stdout).toContain('completed');
  for (const words of [['sweep'], ['cancel', ids['waiting'] ?? ''], ['reset', '--yes']]) {
    expect(await runCommand([...words, ...elsewhere])).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining('work folder of the service') as string });
  }
  expect(existsSync(join(folder, 'elsewhere'))).toBe(false);
});

test('a job is put in line again, cancelled, and its time kept by a sweep', async () => {
  expect(await run('retry', ids['be-wrong'] ?? '')).toMatchObject({ exitCode: 0, stdout: `${ids['be-wrong']}\n` });
  expect(await run('cancel', ids['waiting'] ?? '')).toMatchObject({ exitCode: 0, stdout: `${ids['waiting']} cancelled\n` });
  expect(report.parse(await json('sweep'))).toMatchObject({ expired: { jobs: 0 }, errors: [] });
});

test('`doctor` names what Redis is set to lose, and a Redis that is away', async () => {
  const admin = new Redis(server.url);
  const findings = async (): Promise<string> => (await runCommand(['doctor', '--redis', server.url])).stdout;
  expect(await findings()).toMatch(/noted +redis +Redis \d[^\n]*\n[^\n]*Set `appendonly yes`/);
  await admin.config('SET', 'appendonly', 'yes');
  await admin.config('SET', 'appendfsync', 'always');
  await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
  const text = await findings();
  expect(text).toMatch(/Set `maxmemory-policy noeviction`/);
  expect(text).not.toContain('appendonly yes');
  admin.disconnect();
  const away = await runCommand(['doctor', '--redis', 'redis://127.0.0.1:1/0']);
  expect(away).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/missing +redis +[^\n]+127\.0\.0\.1:1/) as string });
});

test('what is not a Redis is said to be none, without its password, and `--prefix` alone means nothing', async () => {
  const wrong = await runCommand(['jobs', '--redis', 'http://user:secret@localhost/0']);
  expect(wrong).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('redis://localhost:6379/0') as string });
  expect(wrong.stderr).not.toContain('secret');
  expect(await runCommand(['jobs', '--prefix', 'talks'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--redis') as string });
});

test('a deep reset removes all jobs of the prefix with their files, and nothing of another service', async () => {
  const admin = new Redis(server.url);
  await admin.set('{other}:key', 'kept');
  mkdirSync(join(folder, 'beside'));
  const keysOfJobs = async (): Promise<readonly string[]> => (await admin.keys('{talks}*')).filter((key) => Object.values(ids).some((id) => key.endsWith(id.slice('mj_'.length))));
  expect(await keysOfJobs()).not.toEqual([]);
  const done = await run('reset', '--deep', '--yes');
  expect(done).toMatchObject({ exitCode: 0, stderr: '' });
  expect(list.parse(await json('jobs')).jobs).toEqual([]);
  expect(await keysOfJobs()).toEqual([]);
  expect([await admin.get('{other}:key'), existsSync(join(folder, 'beside'))]).toEqual(['kept', true]);
  expect(Object.values(ids).filter((id) => existsSync(join(workFolder, 'jobs', id)))).toEqual([]);
  admin.disconnect();
});
