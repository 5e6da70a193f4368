import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createManualClock, type ManualClock } from './testing/manual-clock.ts';
import { createWatchdog, type Watchdog, type WatchdogOptions } from './watchdog.ts';

interface Watched {
  readonly clock: ManualClock;
  readonly watchdog: Watchdog;
  readonly stalls: number[];
  readonly errors: unknown[];
}

function watch(options: Partial<WatchdogOptions> = {}): Watched {
  const clock = createManualClock();
  const stalls: number[] = [];
  const errors: unknown[] = [];
  const watchdog = createWatchdog({ limits: { timeoutMs: 1000 }, clock, onStall: (quietMs) => stalls.push(quietMs), onError: (error) => errors.push(error), ...options });
  return { clock, watchdog, stalls, errors };
}

describe('a watchdog', () => {
  it('finds a stall at its time, once, and then rests', () => {
    const { clock, stalls } = watch();
    clock.advance(999);
    expect(stalls).toEqual([]);
    clock.advance(1);
    expect(stalls).toEqual([1000]);
    clock.advance(60_000);
    expect(stalls).toEqual([1000]);
    expect(clock.pending()).toBe(0);
  });

  it('counts from the last sign', () => {
    const { clock, watchdog, stalls } = watch();
    for (let i = 0; i < 10; i += 1) {
      clock.advance(900);
      watchdog.sign();
    }
    clock.advance(999);
    expect(stalls).toEqual([]);
    clock.advance(1);
    expect(stalls).toEqual([1000]);
  });

  it('waits longer for the first sign when it is told to, and no longer than usual after it', () => {
    const { clock, watchdog, stalls } = watch({ limits: { timeoutMs: 1000, firstTimeoutMs: 60_000 } });
    clock.advance(46_000);
    watchdog.sign();
    clock.advance(1000);
    expect(stalls).toEqual([1000]);
  });

  it('starts its window again after the machine slept', () => {
    const { clock, stalls } = watch();
    clock.advance(500);
    clock.sleepThrough(3_600_000);
    clock.advance(999);
    expect(stalls).toEqual([]);
    clock.advance(1);
    expect(stalls).toEqual([1000]);
  });

  it('does not count the time for which it is held', () => {
    const { clock, watchdog, stalls } = watch();
    clock.advance(400);
    watchdog.hold(true);
    clock.advance(60_000);
    watchdog.hold(false);
    clock.advance(599);
    expect(stalls).toEqual([]);
    clock.advance(1);
    expect(stalls).toEqual([1000]);
  });

  it('takes being held and let go for no sign', () => {
    const { clock, watchdog, stalls } = watch();
    for (let i = 0; i < 10; i += 1) {
      clock.advance(100);
      watchdog.hold(true);
      watchdog.hold(false);
    }
    expect(stalls).toEqual([1000]);
  });

  it('has no timer left once it is disposed of', () => {
    const { clock, watchdog, stalls } = watch();
    watchdog[Symbol.dispose]();
    expect(clock.pending()).toBe(0);
    clock.advance(60_000);
    expect(stalls).toEqual([]);
  });
});

describe('a sample', () => {
  it('that changes is a sign; one that stays is none', async () => {
    let size = 0;
    const { clock, stalls } = watch({ sample: () => size });
    for (; size < 10; size += 1) {
      clock.advance(250);
      await nextTurn();
    }
    expect(stalls).toEqual([]);
    for (let i = 0; i < 8; i += 1) {
      clock.advance(250);
      await nextTurn();
    }
    expect(stalls).toHaveLength(1);
  });

  it('that never answers is asked once, and does not hide a stall', () => {
    let asked = 0;
    const sample = (): Promise<number> => {
      asked += 1;
      return new Promise(() => undefined);
    };
    const { clock, stalls } = watch({ sample });
    clock.advance(1000);
    expect(asked).toBe(1);
    expect(stalls).toEqual([1000]);
  });

  it('that fails is told', async () => {
    const { errors } = watch({ sample: () => Promise.reject(new Error('unreadable')) });
    await nextTurn();
    expect(errors).toEqual([new Error('unreadable')]);
  });
});
