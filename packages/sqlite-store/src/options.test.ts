import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { silentLogger, systemClock } from '@media-jobs/foundation';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import { resolveOptions, sqliteStoreDefaults, type SqliteStoreOptions } from './options.ts';

test('only the file is required; it becomes absolute, so that a later change of folder does not move it', () => {
  expect(resolveOptions({ file: join('work', 'jobs.db') })).toEqual({ file: resolve('work/jobs.db'), clock: systemClock, logger: silentLogger, ...sqliteStoreDefaults });
});

test('an option that is undefined does not win over its default, and the result is frozen', () => {
  const options = resolveOptions({ file: 'a', retryForMs: undefined } as unknown as SqliteStoreOptions);
  expect(options.retryForMs).toBe(sqliteStoreDefaults.retryForMs);
  expect(Object.isFrozen(options)).toBe(true);
});

test.each<readonly [Partial<Record<keyof SqliteStoreOptions, unknown>>, RegExp]>([
  [{ file: '' }, /`file` to be the path of a file, got `''`/],
  [{ file: 'a\0b' }, /`file`/],
  [{ file: 7 }, /`file`/],
  [{ file: ':memory:' }, /`file`/],
  [{ busyTimeoutMs: 51 }, /`busyTimeoutMs` to be a whole number from 0 to 50, got `51`/],
  [{ busyTimeoutMs: 0.5 }, /`busyTimeoutMs`/],
  [{ retryForMs: -1 }, /`retryForMs`/],
  [{ retryForMs: Number.NaN }, /`retryForMs`/],
  [{ pollIntervalMs: 0 }, /`pollIntervalMs`/],
])('%o is refused at once, with what was expected', (options, message) => {
  expect(() => createSqliteStore({ file: 'jobs.db', ...options } as SqliteStoreOptions)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(message) as string }));
});
