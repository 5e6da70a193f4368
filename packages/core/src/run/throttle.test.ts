import { createFakeClock } from '@media-jobs/core/testing';
import { expect, test } from 'vitest';
import { createThrottle } from './throttle.ts';

function recorded(): { readonly clock: ReturnType<typeof createFakeClock>; readonly seen: [number, string][]; readonly throttle: ReturnType<typeof createThrottle<string>> } {
  const clock = createFakeClock();
  const seen: [number, string][] = [];
  return { clock, seen, throttle: createThrottle<string>(100, clock, (value) => seen.push([clock.monotonic(), value])) };
}

test('the first value passes at once, and of each interval only the newest', async () => {
  const { clock, seen, throttle } = recorded();
  for (const value of ['a', 'b', 'c']) throttle.push(value);
  await clock.advance(60);
  throttle.push('d');
  await clock.advance(500);
  throttle.push('e');
  expect(seen).toEqual([[0, 'a'], [100, 'd'], [560, 'e']]);
  expect(clock.pending).toBe(0);
});

test('a flush passes what is held back at once, and only once', async () => {
  const { clock, seen, throttle } = recorded();
  throttle.push('a');
  throttle.push('b');
  throttle.flush();
  throttle.flush();
  await clock.advance(500);
  expect(seen).toEqual([[0, 'a'], [0, 'b']]);
});

test('what is dropped never passes', async () => {
  const { clock, seen, throttle } = recorded();
  throttle.push('a');
  throttle.push('b');
  throttle.drop();
  await clock.advance(500);
  expect(seen).toEqual([[0, 'a']]);
});
