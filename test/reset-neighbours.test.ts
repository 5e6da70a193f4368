import { createHash } from 'node:crypto';
import { link, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { resettableFolder, type ResetReport } from '@media-jobs/cleanup';
import { createMediaJobs, type AnyMediaJobs } from '@media-jobs/core';
import { scriptedOperation } from '@media-jobs/core/testing';
import { ownerId, processesOf } from '@media-jobs/process';
import { createRedisStore } from '@media-jobs/redis-store';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { startRedis, type TestRedis } from '../packages/redis-store/src/testing/redis-server.ts';

vi.setConfig({ testTimeout: 60_000 });

let server: TestRedis;
let admin: Redis;
let root: string;
let folders = 0;
beforeAll(async () => {
  server = await startRedis();
  admin = new Redis(server.url);
  root = await mkdtemp(join(tmpdir(), 'media-jobs-neighbours-'));
});
beforeEach(() => admin.flushdb());
afterAll(async () => {
  admin.disconnect();
  await server[Symbol.asyncDispose]();
  await rm(root, { recursive: true });
  expect(await processesOf(ownerId())).toEqual([]);
});

/** A service of its own on the one database. Its work folder and its logs lie beside those of others. */
interface Service extends AsyncDisposable {
  readonly jobs: AnyMediaJobs;
  readonly work: string;
  readonly logs: string;
}

/** Never beats while a test looks on: what it keeps must not change by itself. */
const silent = { heartbeatMs: 600_000, leaseMs: 1_200_000, pollIntervalMs: 600_000 };

async function openService(prefix: string, place: string, ownsDatabase = false): Promise<Service> {
  const [work, logs] = [join(place, prefix), join(place, `${prefix}-logs`)];
  await mkdir(logs, { recursive: true });
  await writeFile(join(logs, 'service.log'), `a line of ${prefix}\n`);
  const write = scriptedOperation({ name: 'write', script: [[{ do: 'write', name: 'out.txt', content: '12345' }]] });
  const fail = scriptedOperation({ name: 'fail', script: [[{ do: 'fail', code: 'CORRUPT' }]] });
  const hang = scriptedOperation({ name: 'hang', script: [[{ do: 'hang' }]], limits: { concurrency: 1 } });
  const jobs: AnyMediaJobs = await createMediaJobs({
    operations: [write, fail, hang], store: createRedisStore({ url: server.url, prefix, ownsDatabase }), workFolder: work, diskReserveBytes: 0, resetTargets: [resettableFolder({ name: 'logs', folder: logs })], ...silent,
  });
  return { jobs, work, logs, [Symbol.asyncDispose]: () => jobs.close({ deadlineMs: 0 }) };
}

/** Jobs in every state that lasts: completed and failed, each with files, one that runs and one that waits behind it. */
async function fill({ jobs, work }: Service): Promise<string> {
  const input = join(work, '..', `${basename(work)}-input.txt`);
  await writeFile(input, `input of ${work}`);
  for (const number of [1, 2, 3]) await (await jobs.submit('write', { number, file: input })).wait();
  await (await jobs.submit('fail', {})).wait();
  const running = await jobs.submit('hang', { number: 1 });
  for await (const { state } of running.events()) if (state === 'running') break;
  await jobs.submit('hang', { number: 2 });
  return running.id;
}

/** Every key but those of this prefix, as Redis itself writes it down: type, encoding, every byte. */
async function otherKeys(prefix: string): Promise<Readonly<Record<string, string>>> {
  const keys = (await admin.keys('*')).filter((key) => !key.startsWith(`{${prefix}}:`)).sort();
  return Object.fromEntries(await Promise.all(keys.map(async (key) => [key, (await admin.dumpBuffer(key)).toString('base64')] as const)));
}

/** Everything below a folder with its content; links by what they lead to. */
async function contentOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const described = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    const { mode, nlink } = await lstat(path);
    if (entry.isSymbolicLink()) return [path, `link to ${await readlink(path)}`] as const;
    return [path, entry.isFile() ? `${mode} ${nlink} ${createHash('sha256').update(await readFile(path)).digest('hex')}` : `${mode} folder`] as const;
  });
  return Object.fromEntries(await Promise.all(described));
}

/** Puts links to the neighbour into every folder that the service has: to its folders, to its files, and one more name for the same file. */
async function linkOutward(from: Service, to: Service, beside: string): Promise<number> {
  const epoch = (await readdir(join(from.work, 'jobs')))[0] ?? '';
  const [id = ''] = await readdir(join(from.work, 'jobs', epoch));
  const places = [join(from.work, 'jobs'), join(from.work, 'jobs', epoch), join(from.work, 'jobs', epoch, id), join(from.work, 'temp'), from.logs];
  for (const place of places) {
    await symlink(to.work, join(place, 'zz-link-to-work-folder'));
    await symlink(join(to.work, 'jobs'), join(place, '0-link-to-jobs'));
    await symlink(join(to.logs, 'service.log'), join(place, 'link-to-log'));
    await symlink('/nowhere', join(place, 'link-to-nothing'));
    await link(join(beside, 'precious.txt'), join(place, 'second-name.txt'));
  }
  return places.length * 5;
}

test('a deep reset of one service leaves a neighbour in the same database and beside its folders as it was, byte by byte, also where links lead to it', async () => {
  const place = join(root, String((folders += 1)));
  await mkdir(join(place, 'beside'), { recursive: true });
  await writeFile(join(place, 'beside', 'precious.txt'), 'precious');
  // Names that begin alike, so that a pattern which is too wide would meet them.
  await using mine = await openService('transcriber', place);
  await using theirs = await openService('transcriber2', place);
  await admin.set('transcriber', 'a key of somebody else');
  await fill(mine);
  const running = await fill(theirs);
  const before = { keys: await otherKeys('transcriber'), work: await contentOf(theirs.work), logs: await contentOf(theirs.logs), beside: await contentOf(join(place, 'beside')) };
  expect(Object.keys(before.keys).length).toBeGreaterThan(10);
  const links = await linkOutward(mine, theirs, join(place, 'beside'));
  const report = await mine.jobs.reset({ level: 'deep', queue: true });
  expect(report).toMatchObject({ ok: true, errors: [], left: 0, jobsRemoved: 6, redisFlushed: false });
  expect(report.filesDeleted).toBeGreaterThan(links);
  expect(await otherKeys('transcriber')).toEqual(before.keys);
  expect({ work: await contentOf(theirs.work), logs: await contentOf(theirs.logs), beside: await contentOf(join(place, 'beside')) }).toEqual({ work: before.work, logs: before.logs, beside: before.beside });
  expect([await readdir(join(mine.work, 'jobs')), await readdir(mine.logs)]).toEqual([[], []]);
  expect((await admin.keys('{transcriber}:*')).sort()).toEqual(['cancels', 'epoch', 'eras', 'settings'].map((name) => `{transcriber}:${name}`));
  expect(await (await theirs.jobs.get(running))?.record()).toMatchObject({ state: 'running' });
});

/** What a report says, apart from times, names drawn anew, and the fact that is meant to differ. */
function comparable(report: ResetReport): unknown {
  const own = new Set(['resetId', 'startedAt', 'wallMs', 'redisFlushed', 'notes']);
  return JSON.parse(JSON.stringify(report, (name, value: unknown) => (own.has(name) ? undefined : value)));
}

test('on a database of its own both scopes remove the same, report the same, and leave the same', async () => {
  const outcomes: unknown[] = [];
  for (const ownsDatabase of [false, true]) {
    await admin.flushdb();
    const place = join(root, String((folders += 1)));
    await using service = await openService('own', place, ownsDatabase);
    await fill(service);
    const report = await service.jobs.reset({ level: 'deep', queue: true });
    expect(report).toMatchObject({ ok: true, redisFlushed: ownsDatabase, jobsRemoved: 6 });
    const left = await contentOf(service.work);
    const again = await service.jobs.submit('write', { number: 1 });
    await again.wait();
    outcomes.push({
      report: comparable(report),
      keys: (await Promise.all((await admin.keys('*')).map(async (key) => `${key.replace(/\}:\w{5}(?=:|[a-z2-7]{26})/, '}:era')} ${await admin.type(key)}`))).sort(),
      files: Object.keys(left).map((path) => path.slice(place.length).replace(/[a-z2-7]{26}|o1-[^/]*/g, 'id')).sort(),
      again: { cached: again.cached, generation: again.generation },
    });
  }
  expect(outcomes[1]).toEqual(outcomes[0]);
});
