import { createFakeClock } from '@media-jobs/core/testing';
import type { MediaJobError } from '@media-jobs/foundation';
import { expect, test } from 'vitest';
import { watchSilence } from './silence-watch.ts';

const watched = { what: 'a beat', limitMs: 1000, code: 'STALLED' } as const;
const twoTurns = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => void setImmediate(resolve));
};

test('silence for the whole limit is an error, once', async () => {
  const clock = createFakeClock();
  const errors: MediaJobError[] = [];
  using _watch = watchSilence(watched, clock, (error) => errors.push(error));
  await clock.advance(999);
  await twoTurns();
  expect(errors).toEqual([]);
  await clock.advance(5000);
  await twoTurns();
  expect(errors).toMatchObject([{ code: 'STALLED', message: 'Expected a beat within 1000 ms, but there was none.' }]);
});

test('each sign starts the limit anew', async () => {
  const clock = createFakeClock();
  let errors = 0;
  using watch = watchSilence(watched, clock, () => (errors += 1));
  for (let sign = 0; sign < 5; sign += 1) {
    await clock.advance(900);
    watch.sign();
  }
  await twoTurns();
  expect(errors).toBe(0);
});

test('a sign that stood in line behind the timer, because this process was held up, still counts', async () => {
  const clock = createFakeClock();
  let errors = 0;
  using watch = watchSilence(watched, clock, () => (errors += 1));
  const late = clock.advance(1000);
  setImmediate(() => setImmediate(() => watch.sign()));
  await late;
  await twoTurns();
  expect(errors).toBe(0);
});

test('nothing is said after disposal', async () => {
  const clock = createFakeClock();
  let errors = 0;
  const watch = watchSilence(watched, clock, () => (errors += 1));
  watch[Symbol.dispose]();
  await clock.advance(5000);
  await twoTurns();
  expect({ errors, pending: clock.pending }).toEqual({ errors: 0, pending: 0 });
});
