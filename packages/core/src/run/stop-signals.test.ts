import { MediaJobError } from '@media-jobs/foundation';
import { createFakeClock } from '@media-jobs/core/testing';
import { expect, test } from 'vitest';
import { createStopSignals, stops, type Stop } from './stop-signals.ts';

const timeout: Stop = { kind: 'timeout', error: new MediaJobError('TIMEOUT', { message: 'late' }) };

function setUp() {
  const clock = createFakeClock();
  const stuck: number[] = [];
  return { clock, stuck, signals: createStopSignals({ clock, onStuck: () => stuck.push(clock.monotonic()) }) };
}

test('a wish aborts the signal with its error, and kills a second later', async () => {
  const { clock, signals } = setUp();
  signals.stop(stops.cancelled());
  expect(signals.signal.reason).toMatchObject({ code: 'CANCELLED' });
  await clock.advance(999);
  expect(signals.kill.aborted).toBe(false);
  await clock.advance(1);
  expect(signals.kill.reason).toMatchObject({ code: 'CANCELLED' });
});

test('a soft limit does not kill by itself, but a wish that comes after it does', async () => {
  const { clock, signals } = setUp();
  signals.stop(timeout);
  await clock.advance(60_000);
  expect(signals.kill.aborted).toBe(false);
  signals.stop(stops.cancelled());
  await clock.advance(1_000);
  expect(signals.kill.aborted).toBe(true);
  expect(signals.signal.reason).toBe(timeout.error);
});

test('a lost claim outranks a cancel, a cancel a limit, a limit a shutdown, in whatever order they come', () => {
  const all: Stop[] = [stops.interrupted(), timeout, stops.cancelled(), stops.lost()];
  for (const [index, stronger] of all.entries()) {
    for (const weaker of all.slice(0, index)) {
      const [first, second] = [setUp().signals, setUp().signals];
      first.stop(weaker);
      first.stop(stronger);
      second.stop(stronger);
      second.stop(weaker);
      expect([first.reason()?.kind, second.reason()?.kind]).toEqual([stronger.kind, stronger.kind]);
    }
  }
});

test('work that outlives the kill by ten seconds is reported as stuck, once', async () => {
  const { clock, stuck, signals } = setUp();
  signals.killNow(timeout);
  signals.killNow(timeout);
  await clock.advance(60_000);
  expect(stuck).toEqual([10_000]);
});

test('work that has ended is never killed nor reported', async () => {
  const { clock, stuck, signals } = setUp();
  signals.stop(stops.lost());
  signals[Symbol.dispose]();
  signals.stop(stops.cancelled());
  await clock.advance(60_000);
  expect(signals.kill.aborted).toBe(false);
  expect(stuck).toEqual([]);
});
