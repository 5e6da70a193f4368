import { expect, test } from 'vitest';
import { planCapacity } from './capacity.ts';

const stats = (completed: number, totalWallMs: number, waiting = 0) => ({ byOperation: { transcribe: { waiting, running: 0, completed, failed: 0, totalWallMs, maxWallMs: 0 } } });

test('places follow from rate and mean duration, at 70 % use', () => {
  // 60 s each, 100 an hour: 6,000 s of work in 3,600 s are 1.67 places at full use, 2.38 at 70 %.
  expect(planCapacity(stats(10, 600_000), { perHour: 100, places: null })).toMatchObject([{ meanMs: 60_000, perPlaceHour: 60, placesNeeded: 3, carriesPerHour: null }]);
});

test('what a number of places carries, and how long the line lasts', () => {
  expect(planCapacity(stats(10, 600_000, 9), { perHour: null, places: 4 })).toMatchObject([{ carriesPerHour: 168, clearsInMs: 180_000, placesNeeded: null }]);
});

test('an operation that has completed nothing is not guessed at', () => {
  expect(planCapacity(stats(0, 0, 5), { perHour: 10, places: 1 })).toEqual([]);
});
