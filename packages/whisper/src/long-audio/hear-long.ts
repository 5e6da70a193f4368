import type { Segment } from '@media-jobs/core';
import { silentLogger } from '@media-jobs/foundation';
import type { ModelSource } from '../model/model-source.ts';
import type { LaneRun } from '../pool/engine-lane.ts';
import type { EnginePool, PoolRequest } from '../pool/engine-pool.ts';
import { timeIsUp } from '../time-limits.ts';
import { clampSegment } from '../transcript.ts';
import type { OpenWav } from '../wav/open-wav.ts';
import type { TranscribeOptions } from '../whisper.ts';
import { createCheckpoints } from './checkpoints.ts';
import { transcribeChunks, type ChunkRequest, type ChunksRun, type TranscribeChunksOptions } from './transcribe-chunks.ts';

/** Options of a run once it is known what `translate` asks for. */
export interface RunOptions extends TranscribeOptions, Pick<TranscribeChunksOptions, 'pace'> {
  readonly translate: boolean;
}

/** What one call for long audio works with. */
export interface HearLongOptions {
  readonly wav: OpenWav;
  readonly lane: Pick<EnginePool, 'run' | 'loaded' | 'unload'>;
  readonly keepAliveMs: number;
  readonly model: Pick<ModelSource, 'info'>;
  /** Part of what a checkpoint depends on. */
  readonly engine: string;
  readonly beamSize: number;
  readonly chunkSeconds: number;
  readonly language: string;
  readonly run: RunOptions;
  /** The request of a run on one file, with the limits of its length. */
  readonly requestOf: (file: string, durationSeconds: number, language: string, options: RunOptions) => PoolRequest;
}

/** Hears audio that is too long for one run. Null where there is nothing to hear. */
export async function hearLong(options: HearLongOptions): Promise<ChunksRun | null> {
  const { wav, lane, keepAliveMs, chunkSeconds, language, run } = options;
  const { signal, kill, onProgress, tempFolder, pace } = run;
  const { checkpoints, facts } = await checkpointsOf(options);
  const onSegment = (segment: Segment): void => {
    const inside = clampSegment(segment, wav.format.durationSeconds);
    if (inside !== undefined) run.onSegment?.(inside);
  };
  try {
    return await transcribeChunks({ wav, chunkSeconds, lanes: 1, language, tempFolder, checkpoints, facts, signal, kill, pace, onProgress, onSegment, hear: hearer(options) });
  } finally {
    // What was kept for a chunk that then was not heard: it came from a checkpoint, or the work failed before.
    if (keepAliveMs === 0 && lane.loaded) await lane.unload();
  }
}

/** Runs one chunk after the other within what is left of the limit for all of them. */
function hearer({ lane, run, requestOf }: HearLongOptions): (request: ChunkRequest) => Promise<LaneRun> {
  const { timeoutMs: limitMs = Number.POSITIVE_INFINITY, ...ofEach } = run;
  let spentMs = 0;
  return async ({ wavFile, durationSeconds, language, more, ...hooks }) => {
    if (spentMs >= limitMs) throw timeIsUp(limitMs);
    const request = requestOf(wavFile, durationSeconds, language, { ...ofEach, ...hooks });
    const heard = await lane.run({ ...request, more, timeoutMs: Math.min(request.timeoutMs ?? limitMs, limitMs - spentMs) });
    spentMs += heard.transcribeMs;
    return heard;
  };
}

async function checkpointsOf({ run, model, engine, beamSize }: HearLongOptions): Promise<Pick<TranscribeChunksOptions, 'checkpoints' | 'facts'>> {
  const { checkpointFolder, logger = silentLogger, prompt = null, translate } = run;
  if (checkpointFolder === undefined) return { facts: {} };
  const { sha256 } = await model.info();
  return { checkpoints: createCheckpoints(checkpointFolder, logger), facts: { model: sha256, engine, beamSize, prompt, translate } };
}
