import type { EngineCapabilities, EngineResult } from '@media-jobs/core';
import { clampSegment } from '../transcript.ts';
import { siftSegments, type HallucinationMode, type HallucinationReport } from './sift-segments.ts';
import { measurePeaks } from './stretch-peaks.ts';
import { hallucinationThresholds } from './thresholds.ts';

export interface SiftResultOptions {
  readonly mode: HallucinationMode;
  readonly capabilities: EngineCapabilities;
  readonly wavFile: string;
  readonly durationSeconds: number;
  readonly signal: AbortSignal | undefined;
}

/** What an engine has said, held against the audio: made-up segments are marked or left out. */
export async function siftResult(result: EngineResult, { mode, capabilities, wavFile, durationSeconds, signal }: SiftResultOptions): Promise<{ readonly result: EngineResult; readonly report: HallucinationReport }> {
  const peakDb = mode === 'off' ? () => null : await measurePeaks(wavFile, result.segments, hallucinationThresholds.silencePeakDb, signal);
  const { segments, report } = siftSegments(result.segments, { mode, capabilities, peakDb });
  const dropped = report.dropped.map((segment) => clampSegment(segment, durationSeconds)).filter((segment) => segment !== undefined);
  return { result: { ...result, segments }, report: { ...report, dropped } };
}
