import { planGain, type GainReason, type LoudnessMeasurement, type LoudnessTarget, largestGainDb } from '../loudness/gain-plan.ts';
import type { WrittenSpeech } from './write-speech.ts';

/** What was done to the loudness, and why. Levels that silence does not have are null. */
export interface LoudnessResult {
  /** Integrated loudness (EBU R128) of the decoded speech in LUFS; null for silence. */
  readonly inputLufs: number | null;
  /** True peak of the decoded speech in dBTP; null for digital silence. */
  readonly inputPeakDb: number | null;
  /** Integrated loudness of the result; null for silence. */
  readonly outputLufs: number | null;
  readonly gainDb: number;
  /** Whether the level was changed. */
  readonly applied: boolean;
  /** `linear`: one gain for all. `limited`: the same, and single peaks held down. `none`: left alone. */
  readonly mode: 'linear' | 'limited' | 'none';
  /** Why the target was not simply aimed at. */
  readonly reason?: GainReason | 'off';
}

/** One way of writing the result. */
export interface GainPass {
  readonly gainDb: number;
  readonly limitDb: number | undefined;
}

/** Writes the result once; each call starts anew. */
export type WritePass = (pass: GainPass) => Promise<WrittenSpeech>;

/** What stands in the file now. */
export interface AppliedLoudness {
  readonly written: WrittenSpeech;
  readonly loudness: LoudnessResult;
}

/** How the result is made. */
export interface LoudnessSteps {
  readonly write: WritePass;
  /** The gain at which the result has the wanted loudness when peaks are held down, as far as excerpts tell. */
  readonly rehearse: (pass: { readonly gainDb: number; readonly limitDb: number; readonly largestGainDb: number }) => Promise<number>;
}

/** Closer to the target than this needs no further pass, in LU. */
const closeEnoughLu = 0.35;
const mostPasses = 3;

/**
 * Writes with the gain that the measurement asks for. Where peaks must be held down, which makes a programme softer, more
 * gain is needed; how much is rehearsed on excerpts, and what was written is measured, and written again if it is off.
 */
export async function applyLoudness(measured: LoudnessMeasurement, target: LoudnessTarget | undefined, steps: LoudnessSteps): Promise<AppliedLoudness> {
  if (target === undefined) {
    const written = await steps.write({ gainDb: 0, limitDb: undefined });
    return { written, loudness: describe(measured, 0, measured.lufs, 'none', 'off') };
  }
  const { gainDb, limit, reason } = planGain(measured, target);
  if (!limit) {
    const written = await steps.write({ gainDb, limitDb: undefined });
    return { written, loudness: describe(measured, gainDb, measured.lufs + gainDb, gainDb === 0 ? 'none' : 'linear', reason) };
  }
  if (reason === undefined) return writeLimited(measured, gainDb, target, steps);
  const written = await steps.write({ gainDb, limitDb: target.truePeakDb });
  return { written, loudness: describe(measured, gainDb, written.lufs ?? measured.lufs, 'limited', reason) };
}

async function writeLimited(measured: LoudnessMeasurement, wantedDb: number, { targetLufs, truePeakDb: limitDb }: LoudnessTarget, steps: LoudnessSteps): Promise<AppliedLoudness> {
  const most = largestGainDb(measured.durationSeconds);
  let gainDb = await steps.rehearse({ gainDb: wantedDb, limitDb, largestGainDb: most });
  for (let pass = 1; ; pass += 1) {
    const written = await steps.write({ gainDb, limitDb });
    const outputLufs = written.lufs ?? measured.lufs;
    const next = Math.min(most, gainDb + targetLufs - outputLufs);
    if (pass === mostPasses || !(Math.abs(targetLufs - outputLufs) > closeEnoughLu) || next === gainDb) {
      return { written, loudness: describe(measured, gainDb, outputLufs, 'limited', next === most && gainDb === most ? 'gain-limited' : undefined) };
    }
    gainDb = next;
  }
}

function describe(measured: LoudnessMeasurement, gainDb: number, outputLufs: number, mode: LoudnessResult['mode'], reason: LoudnessResult['reason']): LoudnessResult {
  return Object.freeze({
    inputLufs: finite(measured.lufs),
    inputPeakDb: finite(measured.peakDb),
    outputLufs: finite(outputLufs),
    gainDb: hundredths(gainDb),
    applied: mode !== 'none',
    mode,
    ...(reason === undefined ? {} : { reason }),
  });
}

function finite(level: number): number | null {
  return Number.isFinite(level) ? hundredths(level) : null;
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
