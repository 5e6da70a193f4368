import { systemClock, type Clock } from '@media-jobs/foundation';
import { expect, test } from 'vitest';
import { createProgressReporter, type FfmpegProgress } from './progress.ts';

function watched(): { readonly sent: FfmpegProgress[]; readonly reporter: ReturnType<typeof createProgressReporter>; readonly advance: (ms: number) => void } {
  let now = 0;
  const clock: Clock = { ...systemClock, monotonic: () => now };
  const sent: FfmpegProgress[] = [];
  return { sent, reporter: createProgressReporter(clock, (progress) => void sent.push(progress)), advance: (ms) => void (now += ms) };
}

test('at most four a second are sent, and the last always', () => {
  const { sent, reporter, advance } = watched();
  for (let step = 0; step <= 1000; step += 1) {
    reporter.report('decode', step, 1000);
    advance(1);
  }
  reporter.done(1000);
  expect(sent).toHaveLength(6);
  expect(sent.at(-1)).toEqual({ ratio: 1, phase: 'verify', seconds: 1000, totalSeconds: 1000 });
});

test('it never goes back, and is 1 only at the end', () => {
  const { sent, reporter, advance } = watched();
  for (const [phase, seconds] of [['probe', 0], ['decode', 900], ['decode', 100], ['gain', 5000], ['gain', 0], ['verify', 1000]] as const) {
    reporter.report(phase, seconds, 1000);
    advance(250);
  }
  const ratios = sent.map(({ ratio }) => ratio);
  expect(ratios).toEqual(ratios.toSorted((one, other) => one - other));
  expect(Math.max(...ratios)).toBeLessThan(1);
});

test('without a known length the ratio rests at the start of the phase', () => {
  const { sent, reporter } = watched();
  reporter.report('decode', 77, undefined);
  expect(sent).toEqual([{ ratio: 0.05, phase: 'decode', seconds: 77 }]);
});
