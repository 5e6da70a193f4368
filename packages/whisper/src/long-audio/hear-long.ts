import type { ReleaseReceipt, Segment } from '@media-jobs/core';
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
  readonly pool: Pick<EnginePool, 'run' | 'endKept'>;
  /** Chunks that are heard at a time. */
  readonly lanes: number;
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
  const { wav, pool, lanes, chunkSeconds, language, run } = options;
  const { signal, kill, onProgress, tempFolder, pace } = run;
  const { checkpoints, facts } = await checkpointsOf(options);
  const onSegment = (segment: Segment): void => {
    const inside = clampSegment(segment, wav.format.durationSeconds);
    if (inside !== undefined) run.onSegment?.(inside);
  };
  let heard: ChunksRun | null = null;
  let ended: ReleaseReceipt | null = null;
  try {
    heard = await transcribeChunks({ wav, chunkSeconds, lanes, language, tempFolder, checkpoints, facts, signal, kill, pace, onProgress, onSegment, hear: hearer(options) });
  } finally {
    // Kept for a chunk that then needed no engine: it came from a checkpoint, another lane took it, or the work failed before.
    ended = await pool.endKept();
  }
  return heard === null || ended === null ? heard : { ...heard, release: ended };
}

/** Runs the chunks within what is left of the limit for all of them. Each lane's own row of chunks counts: they run side by side. */
function hearer({ pool, run, requestOf }: HearLongOptions): (request: ChunkRequest) => Promise<LaneRun> {
  const { timeoutMs: limitMs = Number.POSITIVE_INFINITY, ...ofEach } = run;
  const spentMs = new Map<number, number>();
  return async ({ wavFile, durationSeconds, language, lane, more, ...hooks }) => {
    const spent = spentMs.get(lane) ?? 0;
    if (spent >= limitMs) throw timeIsUp(limitMs);
    const request = requestOf(wavFile, durationSeconds, language, { ...ofEach, ...hooks });
    const heard = await pool.run({ ...request, more, timeoutMs: Math.min(request.timeoutMs ?? limitMs, limitMs - spent) });
    spentMs.set(lane, spent + heard.transcribeMs);
    return heard;
  };
}

async function checkpointsOf({ run, model, engine, beamSize }: HearLongOptions): Promise<Pick<TranscribeChunksOptions, 'checkpoints' | 'facts'>> {
  const { checkpointFolder, logger = silentLogger, prompt = null, translate } = run;
  if (checkpointFolder === undefined) return { facts: {} };
  const { sha256 } = await model.info();
  return { checkpoints: createCheckpoints(checkpointFolder, logger), facts: { model: sha256, engine, beamSize, prompt, translate } };
}
