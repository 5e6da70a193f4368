import { expect, test } from 'vitest';
import { applyLoudness, type GainPass } from './apply-loudness.ts';
import type { WrittenSpeech } from './write-speech.ts';

const target = { targetLufs: -16, truePeakDb: -1.5 };
const peaky = { lufs: -26, peakDb: -5, durationSeconds: 60 };

/** A writer whose limiter takes away a part of the gain above 4 dB, and a rehearsal that finds this gain. */
function writer(lossPart: number, rehearsed: number): { readonly passes: GainPass[]; readonly write: (pass: GainPass) => Promise<WrittenSpeech>; readonly rehearse: () => Promise<number> } {
  const passes: GainPass[] = [];
  return {
    passes,
    write: async (pass) => {
      passes.push(pass);
      const lost = pass.limitDb === undefined ? 0 : Math.max(0, pass.gainDb - 4) * lossPart;
      return { samples: 1, bytes: 46, lufs: pass.limitDb === undefined ? undefined : peaky.lufs + pass.gainDb - lost };
    },
    rehearse: async () => rehearsed,
  };
}

test('one pass is enough when the rehearsal was right', async () => {
  const steps = writer(0.5, 16);
  const { loudness } = await applyLoudness(peaky, target, steps);
  expect(steps.passes).toEqual([{ gainDb: 16, limitDb: -1.5 }]);
  expect(loudness).toEqual({ inputLufs: -26, inputPeakDb: -5, outputLufs: -16, gainDb: 16, applied: true, mode: 'limited' });
});

test('when it was off, what was written is measured and written again, at most three times', async () => {
  const off = writer(0.2, 10);
  expect((await applyLoudness(peaky, target, off)).loudness.outputLufs).toBeGreaterThan(-16.35);
  expect(off.passes).toHaveLength(2);
  const hopeless = writer(0.9, 10);
  await applyLoudness(peaky, target, hopeless);
  expect(hopeless.passes).toHaveLength(3);
});

test('the gain stays within its bounds, and it is said', async () => {
  const steps = writer(0.9, 30);
  const { loudness } = await applyLoudness(peaky, target, steps);
  expect(steps.passes).toEqual([{ gainDb: 30, limitDb: -1.5 }]);
  expect(loudness.reason).toBe('gain-limited');
});

test('without high peaks neither rehearsal nor limiter is used', async () => {
  const steps = writer(0, 99);
  const { loudness } = await applyLoudness({ ...peaky, peakDb: -20 }, target, steps);
  expect(steps.passes).toEqual([{ gainDb: 10, limitDb: undefined }]);
  expect(loudness).toEqual(expect.objectContaining({ mode: 'linear', outputLufs: -16 }));
});
