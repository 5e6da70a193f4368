import type { EngineCapabilities, Segment } from '@media-jobs/core';
import { compressionRatio, longestRepetition, wordsOf } from './repetition.ts';
import type { HallucinationThresholds } from './thresholds.ts';

/** What speaks against a segment. */
export type HallucinationCheck = (typeof hallucinationChecks)[number];
export const hallucinationChecks = ['repeated-words', 'repeated-segments', 'compression-ratio', 'no-speech', 'silence', 'low-probability'] as const;

/** A reason to doubt a segment, with what was measured and where the threshold lies. */
export interface SegmentFlag {
  readonly check: HallucinationCheck;
  readonly value: number;
  readonly threshold: number;
}

/** A segment, with the reasons to doubt it where there are any. */
export interface FlaggedSegment extends Segment {
  readonly flags?: readonly SegmentFlag[];
}

/** What the judgement needs besides the segments. */
export interface JudgeOptions {
  readonly thresholds: HallucinationThresholds;
  /** Loudest sample of a stretch of the audio, in dB below full scale; null where it was not measured. */
  readonly peakDb: (start: number, end: number) => number | null;
}

/** Whether the flags make it likely that nobody said this. A low probability alone does not: people mumble. */
export function isLikely(flags: readonly SegmentFlag[] = []): boolean {
  return flags.some(({ check }) => check !== 'low-probability');
}

/** The segments with what speaks against each. Order and number stay. */
export function judgeSegments(segments: readonly Segment[], options: JudgeOptions): readonly FlaggedSegment[] {
  const loops = runsOfEqual(segments);
  return segments.map((segment, index) => {
    const flags = flagsOf(segment, loops[index] ?? 1, options);
    return flags.length === 0 ? segment : { ...segment, flags };
  });
}

function flagsOf(segment: Segment, equal: number, { thresholds, peakDb }: JudgeOptions): SegmentFlag[] {
  const { text, start, end, noSpeechProbability } = segment;
  const flags: SegmentFlag[] = [];
  const flag = (check: HallucinationCheck, value: number | null | undefined, threshold: number, isBad: boolean): void => {
    if (isBad && value !== null && value !== undefined) flags.push({ check, value, threshold });
  };
  const words = longestRepetition(wordsOf(text));
  const ratio = compressionRatio(text);
  const probability = averageLogProbability(segment);
  const isGuess = probability !== null && probability < thresholds.averageLogProbability;
  const peak = peakDb(start, end);
  flag('repeated-words', words, thresholds.repeatedWords, words >= thresholds.repeatedWords);
  flag('repeated-segments', equal, thresholds.repeatedSegments, equal >= thresholds.repeatedSegments);
  flag('compression-ratio', ratio, thresholds.compressionRatio, ratio > thresholds.compressionRatio);
  // As in OpenAI's rule: what the model is sure of is kept, however it judged the sound.
  flag('no-speech', noSpeechProbability, thresholds.noSpeechProbability, (noSpeechProbability ?? 0) > thresholds.noSpeechProbability && (isGuess || probability === null));
  flag('silence', peak, thresholds.silencePeakDb, peak !== null && peak < thresholds.silencePeakDb);
  flag('low-probability', probability, thresholds.averageLogProbability, isGuess);
  return flags;
}

/** Of the engine, else from the words; null where neither tells. */
export function averageLogProbability({ averageLogProbability: told, words = [] }: Segment): number | null {
  if (told !== undefined) return told;
  const known = words.flatMap(({ probability }) => (probability === undefined ? [] : [Math.log(Math.max(probability, 1e-9))]));
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** For each segment its place in a run of segments that say the same: the first is 1, as it may have been said. */
function runsOfEqual(segments: readonly Segment[]): readonly number[] {
  const said = segments.map(({ text }) => wordsOf(text).join(' '));
  const runs = said.map(() => 1);
  for (let first = 0; first < said.length; ) {
    let next = first + 1;
    while (next < said.length && said[next] === said[first] && said[first] !== '') next += 1;
    for (let index = first + 1; index < next; index += 1) runs[index] = next - first;
    first = next;
  }
  return runs;
}

/** Checks that no engine of these capabilities can feed. */
export function uncheckable({ noSpeech, wordProbability }: Pick<EngineCapabilities, 'noSpeech' | 'wordProbability'>): readonly HallucinationCheck[] {
  return [...(noSpeech ? [] : ['no-speech' as const]), ...(wordProbability ? [] : ['low-probability' as const])];
}
