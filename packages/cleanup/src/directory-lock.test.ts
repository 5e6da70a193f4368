import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { MediaJobError } from '@media-jobs/foundation';
import { withLock, type LockHolder } from '@media-jobs/cleanup';
import { describeOwner, ownerId, parseOwner } from '@media-jobs/process';
import { expect, test } from 'vitest';
import { holdingName, readHolding, takeOver, touchHolding } from './lock-place.ts';
import { randomId } from './names.ts';
import { startChild } from './testing/child.ts';
import { createHurriedClock } from './testing/hurried-clock.ts';
import { isRoot, useScratch } from './testing/scratch.ts';

const scratch = useScratch();
const lock = (): string => scratch.path('locks', 'lock');
const self = parseOwner(ownerId());
const foreign = describeOwner({ host: randomBytes(8).toString('hex'), boot: randomBytes(16).toString('hex'), pidNamespace: 1, pid: 7, start: 1 });

/** A lock as its owner left it, whose last sign of life was so long ago. */
async function leave(owner: string, silentMs = 0): Promise<string> {
  const name = `${owner}.${randomId()}.lock`;
  mkdirSync(lock(), { recursive: true });
  writeFileSync(join(lock(), name), '');
  await utimes(join(lock(), name), (Date.now() - silentMs) / 1000, (Date.now() - silentMs) / 1000);
  return name;
}

test('the work runs, its result is given out, and the lock is gone', async () => {
  await expect(withLock(lock(), {}, async ({ waitedMs }) => (waitedMs < 1_000 ? readdirSync(scratch.path('locks')) : []))).resolves.toEqual(['lock']);
  expect(readdirSync(scratch.path('locks'))).toEqual([]);
});

test('fifty in one process do their work one after the other', async () => {
  let [inside, most] = [0, 0];
  await Promise.all(Array.from({ length: 50 }, () => withLock(lock(), { clock: createHurriedClock(), waitMs: Infinity }, async () => {
    most = Math.max(most, (inside += 1));
    await pause(1);
    inside -= 1;
  })));
  expect(most).toBe(1);
  expect(readdirSync(scratch.path('locks'))).toEqual([]);
});

test('the lock is given back after an error of the work, and the error is that of the work', async () => {
  await expect(withLock(lock(), {}, () => Promise.reject(new Error('of the work')))).rejects.toThrow('of the work');
  await expect(withLock(lock(), {}, () => {
    throw new Error('at once');
  })).rejects.toThrow('at once');
  expect(readdirSync(scratch.path('locks'))).toEqual([]);
});

test('an abort reaches the work, and the lock is held until the work has really ended', async () => {
  const stop = new AbortController();
  const begun = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const running = withLock(lock(), { signal: stop.signal }, async ({ signal }) => {
    begun.resolve();
    await goOn.promise;
    signal.throwIfAborted();
  });
  await begun.promise;
  stop.abort(new Error('enough'));
  expect(readdirSync(scratch.path('locks'))).toEqual(['lock']);
  goOn.resolve();
  await expect(running).rejects.toThrow('enough');
  expect(readdirSync(scratch.path('locks'))).toEqual([]);
});

test('an abort ends the wait', async () => {
  const name = await leave(ownerId());
  const stop = new AbortController();
  const waiting = withLock(lock(), { signal: stop.signal, onWait: () => stop.abort() }, () => 'ran');
  await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
  await expect(withLock(lock(), { signal: AbortSignal.abort() }, () => 'ran')).rejects.toMatchObject({ code: 'ABORTED' });
  expect(readdirSync(lock())).toEqual([name]);
});

test('the lock of a dead process is taken over at once, also when its pid belongs to a later one', async () => {
  const clock = createHurriedClock();
  await leave(describeOwner({ ...self, start: self.start + 1 }));
  await expect(withLock(lock(), { clock }, () => 'ran')).resolves.toBe('ran');
  expect(clock.slept()).toBe(0);
});

test.each([
  ['a silent owner of another host or container', foreign, 0, 60_000],
  ['a silent owner that lives', ownerId(), 0, 60_000],
  ['an owner that nobody can read', 'o9-somebody-of-later', 0, 600_000],
  ['an owner that had been silent for long before, after a third of the time', foreign, 3_600_000, 20_000],
])('the lock of %s is taken over in its time, and not before', async (_, owner, silentMs, limitMs) => {
  const clock = createHurriedClock();
  await leave(owner, silentMs);
  await expect(withLock(lock(), { clock, waitMs: limitMs - 1_000 }, () => 'ran')).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' });
  const second = createHurriedClock();
  await expect(withLock(lock(), { clock: second, waitMs: 1_000_000 }, () => 'ran')).resolves.toBe('ran');
  expect(second.slept()).toBeGreaterThanOrEqual(Math.min(limitMs, 20_000));
  expect(second.slept()).toBeLessThanOrEqual(limitMs + 500);
});

test('a holder that gives signs of life keeps the lock, whatever the clocks of the hosts say', async () => {
  const name = await leave(foreign, 3_600_000);
  const clock = createHurriedClock();
  let beats = 0;
  const stop = new AbortController();
  const beating = { ...clock, sleep: async (ms: number) => {
    await clock.sleep(ms);
    // A sign each 10 s, by a clock that is an hour behind, and a jump of our own clock besides.
    if (clock.slept() / 10_000 > beats) await touchHolding(lock(), name, clock.now() - 3_600_000 + (beats += 1));
    if (beats === 3) clock.jump(86_400_000);
    if (beats === 30) stop.abort();
  } };
  await expect(withLock(lock(), { clock: beating, signal: stop.signal, waitMs: Infinity }, () => 'ran')).rejects.toMatchObject({ code: 'ABORTED' });
  expect(readdirSync(lock())).toEqual([name]);
});

test('after the wait the error names the holder, and who waits was told once', async () => {
  await leave(describeOwner({ ...parseOwner(foreign), pid: 4711 }));
  const told: LockHolder[] = [];
  const error = await withLock(lock(), { clock: createHurriedClock(), waitMs: 500, onWait: (holder) => told.push(holder) }, () => 'ran').catch((thrown: unknown) => thrown as MediaJobError);
  expect(error).toMatchObject({ code: 'LOCK_TIMEOUT', facts: { path: lock(), holder: { pid: 4711, state: 'unknown' } } });
  expect(String(error)).toContain('process 4711 of another host or container');
  expect(told).toHaveLength(1);
});

test('who may skip goes on without the work, can tell it, and leaves the lock to its holder', async () => {
  const name = await leave(ownerId());
  let ran = false;
  const outcome = await withLock(lock(), { clock: createHurriedClock(), waitMs: 100, onTimeout: 'skip' }, () => (ran = true));
  expect(outcome).toMatchObject({ ran: false, holder: { owner: ownerId(), pid: process.pid, state: 'alive' } });
  expect(ran).toBe(false);
  expect(readdirSync(lock())).toEqual([name]);
  await expect(withLock(scratch.path('other'), { onTimeout: 'skip' }, () => 5)).resolves.toEqual({ ran: true, result: 5 });
});

test('work whose lock was taken over hears of it at the next beat; its result does not count, and the new holder keeps the lock', async () => {
  const clock = createHurriedClock();
  const thief = holdingName();
  const working = withLock(lock(), { clock }, async ({ signal, requireHeld }) => {
    await requireHeld();
    const holding = await readHolding(lock());
    if (holding !== undefined) await takeOver(lock(), holding, thief, { ifUntouched: false });
    clock.fire();
    await expect.poll(() => signal.aborted).toBe(true);
    expect(signal.reason).toMatchObject({ code: 'LOCK_LOST' });
    await expect(requireHeld()).rejects.toMatchObject({ code: 'LOCK_LOST' });
    return 'a result';
  });
  await expect(working).rejects.toMatchObject({ code: 'LOCK_LOST', retryable: true });
  expect(readdirSync(lock())).toEqual([thief]);
});

test('a holder that is frozen beyond the stale time loses the lock, and knows it as soon as it wakes', async () => {
  const holder = startChild('hold-lock', [lock(), '600']);
  expect(await holder.next()).toBe('held');
  holder.child.kill('SIGSTOP');
  await withLock(lock(), { staleMs: 600 }, async ({ requireHeld }) => {
    holder.child.kill('SIGCONT');
    expect(await holder.next()).toEqual({ aborted: 'LOCK_LOST', held: 'LOCK_LOST' });
    expect(await holder.next()).toEqual({ end: 'LOCK_LOST' });
    await requireHeld();
  });
  expect(readdirSync(scratch.path('locks'))).toEqual([]);
});

test.each([{ waitMs: -1 }, { staleMs: 0 }, { unreadableStaleMs: Number.NaN }, { onTimeout: 'retry' }])('%j is refused', async (options) => {
  await expect(withLock(lock(), options as object, () => 'ran')).rejects.toMatchObject({ code: 'INVALID_OPTION' });
});

test.skipIf(!isRoot)('a disk that cannot be written to is said to be so, and nothing is run (a mount, so as root only)', async () => {
  const disk = scratch.tmpfs('disk', 'size=64k,nr_inodes=1');
  await expect(withLock(join(disk, 'lock'), {}, () => 'ran')).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect(readdirSync(disk)).toEqual([]);
});
