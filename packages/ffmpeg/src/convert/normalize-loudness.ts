import { MediaJobError } from '@media-jobs/foundation';
import { largestGainDb, planGain, type GainReason, type LoudnessTarget } from '../loudness/gain-plan.ts';
import type { MediaContext } from '../media-context.ts';
import { requireChoice } from '../option-checks.ts';
import { resolveTarget } from '../speech/prepare-options.ts';
import { encode, openConversion, soundOf, type Conversion, type ConvertedAudio, type ConvertOptions } from './convert.ts';
import { loudnormApply, loudnormMeasure, parseLoudnorm, staysLinear } from './loudnorm.ts';
import { measurePass } from './measure-pass.ts';

/** Options of `normalizeLoudness`. */
export interface NormalizeLoudnessOptions extends ConvertOptions {
  /** Default -16. */
  readonly targetLufs?: number;
  /** Default -1.5. */
  readonly truePeakDb?: number;
  /**
   * `gain` (default): one gain for all, from a measurement by ebur128; where peaks would pass the limit they are held down.
   * `loudnorm`: two passes of ffmpeg's loudnorm, which changes the gain along the way where one gain would let peaks pass.
   */
  readonly method?: 'gain' | 'loudnorm';
}

/** What was done to the loudness. Levels that silence does not have are null; those of the result are measured before the codec, which may move peaks a little. */
export interface NormalizedLoudness {
  readonly inputLufs: number | null;
  readonly inputPeakDb: number | null;
  readonly outputLufs: number | null;
  readonly gainDb: number;
  readonly applied: boolean;
  /** `linear`: one gain. `limited`: the same, and single peaks held down. `dynamic`: loudnorm changed the gain along the way. `none`: left alone. */
  readonly mode: 'linear' | 'limited' | 'dynamic' | 'none';
  readonly reason?: GainReason;
}

/** Sound of even loudness. */
export interface NormalizedAudio extends ConvertedAudio {
  readonly loudness: NormalizedLoudness;
}

/** What stands between the input and the encoder, and what it does. */
interface LoudnessWork {
  readonly filters: readonly string[];
  readonly loudness: NormalizedLoudness;
}

interface Measured {
  readonly lufs: number;
  readonly peakDb: number;
}

/** Implements `Ffmpeg.normalizeLoudness`. */
export async function normalizeLoudness(file: string, outFile: string, options: NormalizeLoudnessOptions, context: MediaContext): Promise<NormalizedAudio> {
  const { method = 'gain', targetLufs, truePeakDb } = options;
  requireChoice('method', method, ['gain', 'loudnorm']);
  const target = resolveTarget({ ...(targetLufs === undefined ? {} : { targetLufs }), ...(truePeakDb === undefined ? {} : { truePeakDb }) });
  const conversion = await openConversion(file, outFile, options, context);
  const { filters, loudness } = await (method === 'gain' ? planOneGain : planLoudnorm)(conversion, target);
  const { warnings, ...written } = await encode(conversion, filters);
  return Object.freeze({ ...written, loudness, warnings: [...warnings, ...loudnessWarnings(loudness, target)] });
}

/** Closer to the target than this is close enough, in LU. */
const closeEnoughLu = 0.2;
const mostTrials = 3;

async function planOneGain(conversion: Conversion, target: LoudnessTarget): Promise<LoudnessWork> {
  const resampled = fitting(conversion);
  const measured = await measure(conversion, resampled);
  const seconds = conversion.media.stream.durationSeconds ?? Infinity;
  const { gainDb: wanted, limit, reason } = planGain({ ...measured, durationSeconds: seconds }, target);
  if (!limit) return { filters: wanted === 0 ? resampled : [...resampled, volume(wanted)], loudness: result(measured, wanted, measured.lufs + wanted, wanted === 0 ? 'none' : 'linear', reason) };
  const most = largestGainDb(seconds);
  let gainDb = wanted;
  for (let trial = 1; ; trial += 1) {
    const filters = [...resampled, volume(gainDb), ...limiter(conversion, target.truePeakDb)];
    const { lufs } = await measure(conversion, filters);
    const missing = target.targetLufs - lufs;
    const next = Math.min(most, gainDb + missing);
    if (reason !== undefined || trial === mostTrials || !(Math.abs(missing) > closeEnoughLu) || next === gainDb) return { filters, loudness: result(measured, gainDb, lufs, 'limited', reason) };
    gainDb = next;
  }
}

async function planLoudnorm(conversion: Conversion, target: LoudnessTarget): Promise<LoudnessWork> {
  const resampled = fitting(conversion);
  const answer = parseLoudnorm(await measurePass(conversion, [...resampled, loudnormMeasure(target)]));
  if (answer === undefined) throw unreadable(conversion, 'loudnorm');
  const measured = { lufs: answer.input_i > silenceLufs ? answer.input_i : -Infinity, peakDb: answer.input_tp };
  if (!Number.isFinite(measured.lufs) || !Number.isFinite(measured.peakDb)) return { filters: resampled, loudness: result(measured, 0, measured.lufs, 'none', 'silent') };
  const filters = [...resampled, ...loudnormApply(target, answer)];
  const linear = staysLinear(target, answer);
  // What it does to the loudness where it leaves the linear path is only known by trying.
  const outputLufs = linear ? target.targetLufs : (await measure(conversion, filters)).lufs;
  return { filters, loudness: result(measured, target.targetLufs - measured.lufs, outputLufs, linear ? 'linear' : 'dynamic', undefined) };
}

/** Rate and channels of the result: they come first, because each filter behind them changes with both. */
function fitting(conversion: Conversion): readonly string[] {
  const { sampleRate, channels } = soundOf(conversion);
  const { stream } = conversion.media;
  return [...(channels === stream.channels ? [] : [`aformat=channel_layouts=${channels}c`]), ...(sampleRate === stream.sampleRate ? [] : [`aresample=${sampleRate}`])];
}

/** What ebur128 calls silence, and less than 400 ms. */
const silenceLufs = -70;

/** ebur128 counts nothing above 10 LUFS, which float samples can reach: near it, the same is measured again so much softer, in dB. */
const [highestLufs, softerDb] = [9, 40];

async function measure(conversion: Conversion, filters: readonly string[]): Promise<Measured> {
  const { lufs, peakDb } = await measureOnce(conversion, filters);
  if (lufs < highestLufs) return { lufs, peakDb };
  const softer = await measureOnce(conversion, [...filters, volume(-softerDb)]);
  return { lufs: softer.lufs + softerDb, peakDb: softer.peakDb + softerDb };
}

async function measureOnce(conversion: Conversion, filters: readonly string[]): Promise<Measured> {
  const said = await measurePass(conversion, [...filters, 'ebur128=peak=true:framelog=verbose']);
  const summary = said.slice(said.lastIndexOf('Summary:'));
  const lufs = Number(/I:\s+(-?[\d.]+) LUFS/.exec(summary)?.[1]);
  const peak = /Peak:\s+(\S+) dBFS/.exec(summary)?.[1];
  if (Number.isNaN(lufs) || peak === undefined) throw unreadable(conversion, 'ebur128');
  return { lufs: lufs > silenceLufs ? lufs : -Infinity, peakDb: peak === '-inf' ? -Infinity : Number(peak) };
}

function unreadable({ media }: Conversion, filter: string): MediaJobError {
  return new MediaJobError('PROGRAM_UNFIT', { message: `Expected ${filter} to print what it measured, got nothing that can be read.`, advice: 'Use a full build of ffmpeg, 5.0 or later.', facts: { path: media.path } });
}

function volume(gainDb: number): string {
  return `volume=${gainDb.toFixed(3)}dB:precision=float`;
}

/** Points between samples are seen at four times the rate; what ebur128 sees beyond them is under this, in dB. */
const [oversampling, marginDb] = [4, 0.3];

/** `alimiter` holds samples only, so it is given those between them too. */
function limiter(conversion: Conversion, truePeakDb: number): readonly string[] {
  const { sampleRate } = soundOf(conversion);
  const limit = 10 ** ((truePeakDb - marginDb) / 20);
  return [`aresample=${sampleRate * oversampling}`, `alimiter=limit=${limit.toFixed(5)}:attack=5:release=80:level=disabled`, `aresample=${sampleRate}`];
}

function result({ lufs, peakDb }: Measured, gainDb: number, outputLufs: number, mode: NormalizedLoudness['mode'], reason: GainReason | undefined): NormalizedLoudness {
  const rounded = (value: number): number | null => (Number.isFinite(value) ? Math.round(value * 100) / 100 : null);
  return Object.freeze({ inputLufs: rounded(lufs), inputPeakDb: rounded(peakDb), outputLufs: rounded(outputLufs), gainDb: rounded(gainDb) ?? 0, applied: mode !== 'none', mode, ...(reason === undefined ? {} : { reason }) });
}

function loudnessWarnings({ reason, mode, outputLufs, gainDb }: NormalizedLoudness, { targetLufs }: LoudnessTarget): readonly string[] {
  if (reason === 'silent') return ['The audio is silent; its level was left alone.'];
  if (reason === 'too-short') return ['The audio is too short for a measurement of its loudness; its level was left alone.'];
  if (mode === 'dynamic') return [`One gain would let peaks pass the limit, so loudnorm changed the gain along the way; the loudness is ${outputLufs ?? 'unknown'} LUFS.`];
  if (outputLufs === null || Math.abs(outputLufs - targetLufs) <= 0.5) return [];
  return [`The loudness is ${outputLufs} LUFS instead of ${targetLufs}, because ${reason === 'gain-limited' ? `the gain is held at ${gainDb} dB` : 'its peaks had to be held down'}.`];
}
