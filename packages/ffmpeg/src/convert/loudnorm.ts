import { z } from 'zod';
import type { LoudnessTarget } from '../loudness/gain-plan.ts';

/** Numbers that loudnorm prints as text, infinite ones too. */
const level = z.string().transform((text) => (text.endsWith('inf') ? (text.startsWith('-') ? -Infinity : Infinity) : Number(text)));

const answerSchema = z.object({ input_i: level, input_tp: level, input_lra: level, input_thresh: level, output_i: level, output_tp: level, normalization_type: z.string().optional(), target_offset: level });

/** What loudnorm measured. */
export type LoudnormAnswer = z.output<typeof answerSchema>;

/** Reads the last JSON block that loudnorm printed; undefined where there is none. Where the filter graph was built twice, the first is that of nothing. */
export function parseLoudnorm(said: string): LoudnormAnswer | undefined {
  const start = said.lastIndexOf('{');
  const end = said.lastIndexOf('}');
  if (start < 0 || end < start) return undefined;
  try {
    return answerSchema.safeParse(JSON.parse(said.slice(start, end + 1))).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The first pass: measures only. */
export function loudnormMeasure({ targetLufs, truePeakDb }: LoudnessTarget): string {
  return `loudnorm=I=${targetLufs}:TP=${truePeakDb}:LRA=11:print_format=json`;
}

/** What measured levels may be given as, by the options of loudnorm. */
const bounds = { lufs: [-99, 0], peakDb: [-99, 99], range: [0.1, 50], threshold: [-99, 0], offset: [-99, 99] } as const;
/** The least loudness range that may be aimed at. */
const leastRange = 1;

/**
 * The second pass. The loudness range that is aimed at is the measured one, so that it is no reason to leave the linear
 * path; a range of 0, which is one, is called 0.1. A programme above 0 LUFS, which the options cannot say, is made softer first.
 */
export function loudnormApply({ targetLufs, truePeakDb }: LoudnessTarget, measured: LoudnormAnswer): readonly string[] {
  const softer = measured.input_i > bounds.lufs[1] ? Math.ceil(measured.input_i) : 0;
  const range = within(measured.input_lra, bounds.range);
  const options = {
    I: targetLufs,
    TP: truePeakDb,
    LRA: Math.max(leastRange, range),
    measured_I: within(measured.input_i - softer, bounds.lufs),
    measured_TP: within(measured.input_tp - softer, bounds.peakDb),
    measured_LRA: range,
    measured_thresh: within(measured.input_thresh - softer, bounds.threshold),
    offset: within(measured.target_offset, bounds.offset),
    linear: 'true',
    print_format: 'json',
  };
  const filter = `loudnorm=${Object.entries(options).map(([name, value]) => `${name}=${value}`).join(':')}`;
  return softer === 0 ? [filter] : [`volume=${-softer}dB`, filter];
}

/** Whether the second pass will stay with one gain for all: what loudnorm itself asks before it falls back to a changing one. */
export function staysLinear({ targetLufs, truePeakDb }: LoudnessTarget, { input_i: lufs, input_tp: peakDb }: LoudnormAnswer): boolean {
  return peakDb + targetLufs - lufs <= truePeakDb;
}

function within(value: number, [least, most]: readonly [number, number]): number {
  return Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : value > 0 ? most : least;
}
