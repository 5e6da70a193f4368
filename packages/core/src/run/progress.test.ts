import { createFakeClock } from '@media-jobs/core/testing';
import { expect, test } from 'vitest';
import { createProgressReporter, type Progress } from './progress.ts';

function reporter(start: Progress = { ratio: 0, phase: 'starting' }) {
  const clock = createFakeClock();
  const local: Progress[] = [];
  const shared: (readonly unknown[])[] = [];
  const onLocal = (value: Progress, parts: readonly unknown[]): void => {
    local.push(value);
    shared.push(parts);
  };
  const changes: Progress[] = [];
  return { clock, local, shared, changes, progress: createProgressReporter({ clock, start, onLocal, onChange: (value) => changes.push(value) }) };
}

test('progress never falls; a lower report keeps the ratio and takes the phase', () => {
  const { progress, changes } = reporter({ ratio: 0.2, phase: 'decode' });
  progress.report({ ratio: 0.1, phase: 'decode' });
  progress.report({ ratio: 0.5, phase: 'decode' });
  progress.report({ ratio: 0.4, phase: 'hear' });
  progress.report({ ratio: 7, phase: 'hear' });
  progress.report({ ratio: Number.NaN, phase: 'end' });
  expect(changes).toEqual([{ ratio: 0.5, phase: 'decode' }, { ratio: 0.5, phase: 'hear' }, { ratio: 1, phase: 'hear' }, { ratio: 1, phase: 'end' }]);
});

test('listeners in this process hear of a thousand reports in a second at most five times, the last included', async () => {
  const { progress, clock, local } = reporter();
  for (let index = 1; index <= 1_000; index += 1) {
    progress.report({ ratio: index / 1_000, phase: 'decode' });
    await clock.advance(1);
  }
  progress.end();
  expect(local.length).toBeLessThanOrEqual(5);
  expect(local.at(-1)).toEqual({ ratio: 1, phase: 'decode' });
});

test('at the end the last value is passed on, and nothing after it', () => {
  const { progress, local } = reporter();
  progress.report({ ratio: 0.1, phase: 'a' });
  progress.report({ ratio: 0.9, phase: 'b' });
  progress.end();
  progress.report({ ratio: 1, phase: 'c' });
  expect(local).toEqual([{ ratio: 0.1, phase: 'a' }, { ratio: 0.9, phase: 'b' }]);
  expect(progress.latest()).toEqual({ ratio: 0.9, phase: 'b' });
});

test('what is shared is passed on once, in order, with the progress of its moment, and held back no longer than that', async () => {
  const { progress, clock, local, shared, changes } = reporter({ ratio: 0.2, phase: 'hear' });
  progress.share('one');
  for (const part of ['two', 'three']) progress.share(part);
  progress.report({ ratio: 0.4, phase: 'hear' });
  await clock.advance(250);
  await clock.advance(1_000);
  progress.share('four');
  progress.share('five');
  progress.end();
  progress.share('too late');
  expect(shared).toEqual([['one'], ['two', 'three'], ['four'], ['five']]);
  expect(local.map(({ ratio }) => ratio)).toEqual([0.2, 0.4, 0.4, 0.4]);
  expect(changes).toHaveLength(1);
});
