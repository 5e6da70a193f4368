import type { EngineResult, ReleaseReceipt, Segment } from '@media-jobs/core';
import type { FlaggedSegment } from './hallucination/judge-segments.ts';
import type { HallucinationReport } from './hallucination/sift-segments.ts';
import type { DegradeStep } from './pool/degrade.ts';

/** What was said in one file. */
export interface Transcript {
  /** All of it, trimmed; empty when nothing was said. */
  readonly text: string;
  /** The language that was heard or given, as a Whisper code. */
  readonly language: string;
  /** 0..1; only where the language was heard and the engine tells. */
  readonly languageProbability?: number;
  readonly durationSeconds: number;
  /** In order; none is empty or reaches beyond the end of the audio. */
  readonly segments: readonly FlaggedSegment[];
  readonly engine: string;
  readonly model: TranscriptModel;
  /** What a reader should know, such as an option that the engine cannot follow. */
  readonly warnings: readonly string[];
  /** Steps down that were taken because memory ran out; empty as a rule. `smaller-model` means that `model` was not used. */
  readonly degraded: readonly DegradeStep[];
  /** Shows that the memory is back; null when no engine was started, because the audio is silent. */
  readonly release: ReleaseReceipt | null;
  /** Of long audio these are sums over its chunks. */
  readonly timings: TranscriptTimings;
  /** What came of looking for segments that nobody said. */
  readonly hallucinations: HallucinationReport;
  readonly chunks: ChunkCounts;
}

/** Stretches that the audio was heard in. Short audio is one, silence none. */
export interface ChunkCounts {
  /** Heard by the engine. */
  readonly heard: number;
  /** Taken from the checkpoints of an earlier run. */
  readonly resumed: number;
}

/** Which model was used; its name is never part of an identity, its checksum is. */
export interface TranscriptModel {
  readonly file: string;
  /** Such as `base`, or `custom`. */
  readonly type: string;
  readonly multilingual: boolean;
}

/** Milliseconds of one transcription. */
export interface TranscriptTimings {
  /** In line for the engine. */
  readonly waitMs: number;
  /** Loading the model; 0 when it was warm. */
  readonly loadMs: number;
  readonly transcribeMs: number;
  /** Ending the engine and seeing it gone; 0 when it stays warm. */
  readonly releaseMs: number;
}

const clean = (text: string): string => text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();

/** Whisper may hear words in the padding behind the audio. Beyond this they are not rounding. */
export const roundingSeconds = 0.5;

/** The segments of an engine, held against the length of the audio. */
export interface CheckedSegments {
  readonly text: string;
  readonly segments: readonly Segment[];
  readonly warnings: readonly string[];
}

/** One segment as it may be shown: trimmed, and within the audio. Undefined when nothing of it is left. */
export function clampSegment(segment: Segment, durationSeconds: number): Segment | undefined {
  const text = clean(segment.text);
  if (text === '' || segment.start > durationSeconds + roundingSeconds) return undefined;
  const start = Math.min(Math.max(0, segment.start), durationSeconds);
  const end = Math.min(Math.max(start, segment.end), durationSeconds);
  return { ...segment, start, end, text };
}

/** Clamps and orders the segments of an engine. The text joins them as the engine wrote them: with blanks only where the language has blanks. */
export function checkSegments(result: EngineResult, durationSeconds: number): CheckedSegments {
  const inside = result.segments.filter((segment) => segment.start <= durationSeconds + roundingSeconds);
  const beyond = result.segments.filter((segment) => !inside.includes(segment) && clean(segment.text) !== '').length;
  const segments = inside.map((segment) => clampSegment(segment, durationSeconds)).filter((segment) => segment !== undefined);
  return {
    text: clean(inside.map((segment) => segment.text).join('')),
    segments: segments.sort((one, other) => one.start - other.start),
    warnings: beyond === 0 ? [] : [`Left out ${beyond} segment${beyond === 1 ? '' : 's'} beyond the end of the audio.`],
  };
}
