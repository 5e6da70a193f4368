import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);

/** Runs a program in a fresh Node and returns what it printed, on both streams. */
async function inFreshNode(program: string): Promise<{ stdout: string; stderr: string }> {
  return run(process.execPath, ['--conditions', '@media-jobs/source', '--input-type=module', '--eval', program], { cwd: import.meta.dirname });
}

test('an import loads no SQLite and starts nothing, and neither does making a store', async () => {
  const { stdout, stderr } = await inFreshNode(`
    await import('@media-jobs/core');
    const before = process.getActiveResourcesInfo().length;
    const { createSqliteStore } = await import('@media-jobs/sqlite-store');
    createSqliteStore({ file: 'never-made.db' });
    const started = process.getActiveResourcesInfo().length - before;
    console.log(JSON.stringify({ started, sqlite: process.moduleLoadList.filter((name) => /sqlite/.test(name)) }));
  `);
  expect(JSON.parse(stdout)).toEqual({ started: 0, sqlite: [] });
  expect(stderr).toBe('');
});

test('a store in use prints nothing, not even that SQLite is new in Node', async () => {
  const { stderr } = await inFreshNode(`
    const { mkdtempSync, rmSync } = await import('node:fs');
    const { createSqliteStore } = await import('@media-jobs/sqlite-store');
    const folder = mkdtempSync('${process.env['TMPDIR'] ?? '/tmp'}/media-jobs-sqlite-');
    const before = process.emitWarning;
    const store = createSqliteStore({ file: folder + '/jobs.db' });
    await store.ping();
    await store[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
    if (process.emitWarning !== before) console.error('emitWarning was not put back');
  `);
  expect(stderr).toBe('');
});
