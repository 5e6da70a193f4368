import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ResetReport } from '@media-jobs/cleanup';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { storesUnderTest, type PreparedStore } from './stores-under-test.ts';
import { openStore } from './worker/open-store.ts';

vi.setConfig({ testTimeout: 120_000 });

const root = mkdtempSync(join(tmpdir(), 'media-jobs-reset-shared-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.each(storesUnderTest)('resets by two processes on $name', (under) => {
  let prepared: PreparedStore;
  let workFolder: string;
  const children: ChildProcess[] = [];
  beforeEach(async () => {
    workFolder = mkdtempSync(join(root, 'work-'));
    prepared = await under.prepare(workFolder);
  });
  afterEach(async () => {
    for (const child of children.splice(0)) await kill(child);
    await prepared[Symbol.asyncDispose]();
  });

  const kill = async (child: ChildProcess): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  const start = async (mode: 'held' | 'none'): Promise<ChildProcess> => {
    const child = fork(fileURLToPath(new URL('./reset-child.ts', import.meta.url)), [JSON.stringify(prepared.spec), workFolder, mode], { execArgv: ['--conditions=@media-jobs/source'] });
    children.push(child);
    await once(child, 'message');
    return child;
  };
  const reportOf = async (child: ChildProcess): Promise<ResetReport> => ((await once(child, 'message')) as [ResetReport])[0];
  /** One is in the middle of its reset, the other has begun to wait for it. */
  const startBoth = async (): Promise<{ readonly first: ChildProcess; readonly second: ChildProcess }> => {
    const first = await start('held');
    const second = await start('none');
    second.send('begin');
    await vi.waitFor(() => expect(readdirSync(join(workFolder, 'locks')).filter((name) => /^reset\..*\.json$/.test(name))).toHaveLength(1), { timeout: 30_000 });
    return { first, second };
  };

  test('the second waits for the first and tells its report: one run, one epoch', async () => {
    const { first, second } = await startBoth();
    const reports = Promise.all([reportOf(first), reportOf(second)]);
    first.send('go on');
    const [mine, theirs] = await reports;
    expect(mine).toMatchObject({ ok: true, errors: [] });
    expect(theirs).toEqual(mine);
    await using store = await openStore(prepared.spec);
    expect(await store.epoch()).toBe(mine.perTarget['jobs']?.notes['epoch']);
    expect(readdirSync(join(workFolder, 'locks'))).toEqual([]);
  });

  test('when the first is killed, the second begins at once and completes what it left', async () => {
    const { first, second } = await startBoth();
    await using store = await openStore(prepared.spec);
    const before = await store.epoch();
    const report = reportOf(second);
    await kill(first);
    expect(await report).toMatchObject({ ok: true, errors: [], left: 0 });
    expect((await store.epoch()) > before).toBe(true);
    expect(readdirSync(join(workFolder, 'locks'))).toEqual([]);
  });

  test('what one leaves that is killed while it waits goes with the other', async () => {
    const { first, second } = await startBoth();
    await kill(second);
    const report = reportOf(first);
    first.send('go on');
    expect(await report).toMatchObject({ ok: true });
    expect(readdirSync(join(workFolder, 'locks'))).toEqual([]);
  });
});
