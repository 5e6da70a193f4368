import { afterEach, beforeEach, expect, test } from 'vitest';
import { MediaJobError } from '@media-jobs/foundation';
import type { Connection } from './connection.ts';
import { openDatabase } from './open-database.ts';
import { resolveOptions } from './options.ts';
import { scratchFolder, type ScratchFolder } from './testing/scratch-folder.ts';
import { createTransactions } from './transactions.ts';

let folder: ScratchFolder;
beforeEach(async () => { folder = await scratchFolder({ inMemory: true }); });
afterEach(async () => { await folder[Symbol.asyncDispose](); });

const insert = (key: string) => (statements: Parameters<Parameters<Connection['write']>[1]>[0]): string => {
  statements.run('INSERT INTO meta (key, value) VALUES (?, 1)', key);
  return key;
};

test('a call that fails in a group fails alone: the others are done, and nothing of it is left', async () => {
  const options = resolveOptions({ file: folder.at('jobs.db') });
  await using transactions = createTransactions({ ...options, open: () => openDatabase(options) });
  const results = await Promise.allSettled([
    transactions.write('durable', insert('a')),
    transactions.write('durable', (statements) => {
      insert('half')(statements);
      throw new MediaJobError('INVALID_INPUT', { message: 'No.' });
    }),
    transactions.write('relaxed', insert('b')),
    transactions.write('durable', insert('a')),
    transactions.write('durable', insert('c')),
  ]);
  expect(results.map((result) => (result.status === 'fulfilled' ? result.value : (result.reason as MediaJobError).code))).toEqual(['a', 'INVALID_INPUT', 'b', 'UNKNOWN', 'c']);
  const rows = await transactions.read((statements) => statements.all("SELECT key FROM meta WHERE key IN ('a', 'b', 'c', 'half') ORDER BY key"));
  expect(rows.map((row) => (row as { key: string }).key)).toEqual(['a', 'b', 'c']);
});

test('a call is answered only after its commit: a commit that fails fails the call', async () => {
  const options = resolveOptions({ file: folder.at('jobs.db') });
  await using transactions = createTransactions({ ...options, open: () => openDatabase(options) });
  await transactions.write('durable', (statements) => statements.run('CREATE TABLE child (parent INTEGER REFERENCES jobs (number) DEFERRABLE INITIALLY DEFERRED)'));
  const orphan = transactions.write('durable', (statements) => statements.run('INSERT INTO child VALUES (99)'));
  await expect(orphan).rejects.toMatchObject({ message: expect.stringContaining('FOREIGN KEY') as string });
  expect(await transactions.read((statements) => statements.all('SELECT * FROM child'))).toEqual([]);
});

test('after an error of the file the connection is made anew', async () => {
  const options = resolveOptions({ file: folder.at('jobs.db') });
  let opened = 0;
  let closed = 0;
  await using transactions = createTransactions({
    ...options,
    open: async () => {
      const connection = await openDatabase(options);
      const broken = (opened += 1) === 1;
      const ioError = (): never => { throw Object.assign(new Error('disk I/O error'), { errcode: 10 }); };
      return { ...connection, close: () => { closed += 1; connection.close(); }, ...(broken ? { write: ioError, read: ioError } : {}) };
    },
  });
  await expect(transactions.write('durable', insert('a'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect(await transactions.write('durable', insert('a'))).toBe('a');
  expect([opened, closed]).toEqual([2, 1]);
});

test('a store that could not be opened is tried again by the next call', async () => {
  const options = resolveOptions({ file: folder.at('jobs.db') });
  let tries = 0;
  await using transactions = createTransactions({
    ...options,
    open: async () => {
      if ((tries += 1) <= 2) throw new MediaJobError('STORE_UNAVAILABLE', { message: 'Not yet.' });
      return openDatabase(options);
    },
  });
  await expect(transactions.write('durable', insert('a'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  await expect(transactions.read(() => undefined)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect(await transactions.write('durable', insert('a'))).toBe('a');
});

test('a read that waits for the opening when the store is disposed is told that it is closed', async () => {
  const { promise: mayOpen, resolve: letOpen } = Promise.withResolvers<void>();
  const file = folder.at('jobs.db');
  const transactions = createTransactions({ file, retryForMs: 100, logger: resolveOptions({ file }).logger, open: async () => { await mayOpen; return openDatabase(resolveOptions({ file })); } });
  const reading = expect(transactions.read((statements) => statements.get('SELECT 1'))).rejects.toMatchObject({ code: 'CLOSED' });
  const disposing = transactions[Symbol.asyncDispose]();
  letOpen();
  await Promise.all([reading, disposing]);
});
