import type { EngineCapabilities, Segment } from '@media-jobs/core';
import { isLikely, judgeSegments, uncheckable, type FlaggedSegment, type HallucinationCheck } from './judge-segments.ts';
import { hallucinationThresholds, type HallucinationThresholds } from './thresholds.ts';

/** What is done about segments that are likely made up: marked, left out, or not looked for. */
export type HallucinationMode = (typeof hallucinationModes)[number];
export const hallucinationModes = ['flag', 'drop', 'off'] as const;

/** What came of looking for made-up segments. */
export interface HallucinationReport {
  readonly mode: HallucinationMode;
  /** Segments that carry flags and were kept. */
  readonly flagged: number;
  /** Segments that were left out, with the reasons. */
  readonly dropped: readonly FlaggedSegment[];
  /** Checks that the engine could not feed. */
  readonly unchecked: readonly HallucinationCheck[];
}

export interface SiftOptions {
  readonly mode: HallucinationMode;
  readonly thresholds?: Partial<HallucinationThresholds>;
  readonly capabilities: Pick<EngineCapabilities, 'noSpeech' | 'wordProbability'>;
  readonly peakDb?: (start: number, end: number) => number | null;
}

/** Marks what is likely made up, or leaves it out. What is left out stands in the report. */
export function siftSegments(segments: readonly Segment[], { mode, thresholds, capabilities, peakDb = () => null }: SiftOptions): { readonly segments: readonly FlaggedSegment[]; readonly report: HallucinationReport } {
  if (mode === 'off') return { segments, report: { mode, flagged: 0, dropped: [], unchecked: [] } };
  const judged = judgeSegments(segments, { thresholds: { ...hallucinationThresholds, ...thresholds }, peakDb });
  const dropped = mode === 'drop' ? judged.filter(({ flags }) => isLikely(flags)) : [];
  const kept = judged.filter((segment) => !dropped.includes(segment));
  return { segments: kept, report: { mode, flagged: kept.filter(({ flags }) => flags !== undefined).length, dropped, unchecked: uncheckable(capabilities) } };
}
