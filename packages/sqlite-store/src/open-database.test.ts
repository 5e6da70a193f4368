import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SerializedError } from '@media-jobs/foundation';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import { collectLogs } from '@media-jobs/core/testing';
import { applicationId, schemaVersion } from './schema.ts';
import { startChild } from './testing/child.ts';
import { keys, sampleRequest, submitSamples } from './testing/sample-jobs.ts';
import { scratchFolder, type ScratchFolder } from './testing/scratch-folder.ts';

/** Only root may become somebody else, and mount a small disk. */
const isRoot = process.getuid?.() === 0;

let folder: ScratchFolder;
beforeEach(async () => { folder = await scratchFolder(); });
afterEach(async () => { await folder[Symbol.asyncDispose](); });

async function failureOf(file: string): Promise<unknown> {
  await using store = createSqliteStore({ file, retryForMs: 200 });
  return store.epoch().then(() => null, (error: unknown) => error);
}

function withDatabase(file: string, work: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(file);
  try {
    work(database);
  } finally {
    database.close();
  }
}

describe('a new file', () => {
  test('nothing is made before the first call; then folder and file are for this user alone', async () => {
    const file = folder.at('deep/er/jobs.db');
    await using store = createSqliteStore({ file });
    expect(readdirSync(folder.path)).toEqual([]);
    await store.ping();
    expect((statSync(folder.at('deep')).mode & 0o777).toString(8)).toBe('700');
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
    expect((statSync(`${file}-wal`).mode & 0o777).toString(8)).toBe('600');
  });

  test('an empty file that is there becomes a store, marked as ours', async () => {
    const file = folder.at('jobs.db');
    writeFileSync(file, '');
    await using store = createSqliteStore({ file });
    await store.ping();
    await store[Symbol.asyncDispose]();
    withDatabase(file, (database) => {
      expect(database.prepare('PRAGMA application_id').get()).toEqual({ application_id: applicationId });
      expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: schemaVersion });
    });
  });

  test.each(['with space', "qu'ote\"s", '-dash', '$(touch x)', '%03d?mode=ro', '#frag', 'ünïcode 😀', 'new\nline'])('a file called %j is only a name', async (name) => {
    await using store = createSqliteStore({ file: folder.at(`${name}.db`) });
    await submitSamples(store, ['talk']);
    expect(readdirSync(folder.path).filter((entry) => entry.endsWith('.db'))).toEqual([`${name}.db`]);
  });
});

describe('a file that is no store of ours is refused and left as it is', () => {
  test('a text file', async () => {
    const file = folder.at('jobs.db');
    const text = 'Dear diary, this is not a database. '.repeat(200);
    writeFileSync(file, text);
    expect(await failureOf(file)).toMatchObject({ code: 'STORE_INCOMPATIBLE', facts: { file, sqliteCode: 26 } });
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  test('the database of another program', async () => {
    const file = folder.at('jobs.db');
    withDatabase(file, (database) => database.exec('CREATE TABLE jobs (name TEXT)'));
    const before = readFileSync(file);
    expect(await failureOf(file)).toMatchObject({ code: 'STORE_INCOMPATIBLE', message: expect.stringContaining('another program') as string });
    expect(readFileSync(file)).toEqual(before);
    expect(readdirSync(folder.path)).toEqual(['jobs.db']);
  });

  test('a store of a newer version', async () => {
    const file = folder.at('jobs.db');
    withDatabase(file, (database) => database.exec(`CREATE TABLE novelty (a); PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion + 1}`));
    expect(await failureOf(file)).toMatchObject({ code: 'STORE_INCOMPATIBLE', facts: { version: schemaVersion + 1, supported: schemaVersion } });
  });

  test('a store that was cut off in the middle', async () => {
    const file = folder.at('jobs.db');
    const store = createSqliteStore({ file });
    await submitSamples(store, keys(100));
    await store[Symbol.asyncDispose]();
    const bytes = readFileSync(file);
    writeFileSync(file, Buffer.concat([bytes.subarray(0, 4_096), Buffer.alloc(bytes.length - 4_096, 7)]));
    expect(await failureOf(file)).toMatchObject({ code: 'STORE_INCOMPATIBLE', advice: expect.stringContaining('move it away') as string });
  });

  test('a folder', async () => {
    mkdirSync(folder.at('jobs.db'));
    expect(await failureOf(folder.at('jobs.db'))).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

test('pages that are damaged while the store is open fail the call with STORE_INCOMPATIBLE', async () => {
  const file = folder.at('jobs.db');
  await using first = createSqliteStore({ file });
  const records = await submitSamples(first, keys(200));
  await first[Symbol.asyncDispose]();
  await using store = createSqliteStore({ file });
  await store.ping();
  const bytes = readFileSync(file);
  bytes.fill(7, 8_192);
  writeFileSync(file, bytes);
  const results = await Promise.allSettled(records.map(({ id }) => store.get(id)));
  const codes = new Set(results.map((result) => (result.status === 'rejected' ? (result.reason as { code: string }).code : 'read')));
  codes.delete('read');
  expect([...codes]).toEqual(['STORE_INCOMPATIBLE']);
});

describe('a place that cannot be written', () => {
  const nobody = '65534';

  test.runIf(isRoot)('a file that another user may only read, and a folder that he may not enter, are STORE_UNAVAILABLE', async () => {
    chmodSync(folder.path, 0o755);
    const file = folder.at('jobs.db');
    const store = createSqliteStore({ file });
    await store.ping();
    await store[Symbol.asyncDispose]();
    chmodSync(file, 0o644);
    mkdirSync(folder.at('closed'), { mode: 0o700 });
    for (const path of [file, folder.at('closed/jobs.db'), folder.at('new.db')]) {
      await using child = startChild('try-store', path, nobody);
      expect(await child.next(), path).toMatchObject({ code: 'STORE_UNAVAILABLE', advice: expect.any(String) as string });
    }
  });

  test('a folder below a file is STORE_UNAVAILABLE', async () => {
    writeFileSync(folder.at('file'), '');
    expect(await failureOf(folder.at('file/jobs.db'))).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

describe('a full disk', () => {
  test.runIf(isRoot)('is DISK_FULL; what was written before stays, and goes on when there is room again', async () => {
    const disk = folder.at('disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
    try {
      const file = folder.at('disk/jobs.db');
      await using store = createSqliteStore({ file });
      const records = await submitSamples(store, keys(20));
      const epoch = await store.epoch();
      const filler = folder.at('disk/filler');
      expect(() => writeFileSync(filler, Buffer.alloc(1_048_576))).toThrow('ENOSPC');
      const failures: SerializedError[] = [];
      for (const key of keys(40, 'more')) await store.submit(sampleRequest(epoch, key)).catch((error: { toJSON(): SerializedError }) => failures.push(error.toJSON()));
      expect(new Set(failures.map(({ code }) => code))).toEqual(new Set(['DISK_FULL']));
      execFileSync('rm', [filler]);
      expect((await store.submit(sampleRequest(epoch, 'later'))).kind).toBe('created');
      for (const record of records) expect(await store.get(record.id)).toEqual(record);
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});

test('a link to the file is the same store', async () => {
  symlinkSync(folder.at('jobs.db'), folder.at('link.db'));
  await using store = createSqliteStore({ file: folder.at('jobs.db') });
  const [record] = await submitSamples(store, ['talk']);
  await using linked = createSqliteStore({ file: folder.at('link.db') });
  expect(await linked.get(record!.id)).toEqual(record);
});

test('a file that is deleted or replaced under an open store is noticed: the store goes on in a new epoch, and says so', async () => {
  const file = folder.at('work/jobs.db');
  const logger = collectLogs();
  await using store = createSqliteStore({ file, logger });
  const [record] = await submitSamples(store, ['talk']);
  const epoch = await store.epoch();
  rmSync(folder.at('work'), { recursive: true });
  await using other = createSqliteStore({ file });
  const [theirs] = await submitSamples(other, ['theirs']);
  expect(await Promise.all([store.get(theirs!.id), store.get(record!.id), store.stats().then(({ byState }) => byState.queued)])).toEqual([theirs, null, 1]);
  expect((await store.epoch()) > epoch).toBe(true);
  expect(logger.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  await store[Symbol.asyncDispose]();
  expect(await other.get(theirs!.id)).toEqual(theirs);
});

test('making the tables is logged once, and a local disk warns of nothing', async () => {
  const logger = collectLogs();
  for (let times = 0; times < 2; times += 1) {
    await using store = createSqliteStore({ file: folder.at('jobs.db'), logger });
    await store.ping();
  }
  expect(logger.lines.map(({ level }) => level)).toEqual(['info']);
});
