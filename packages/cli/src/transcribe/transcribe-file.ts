import { join } from 'node:path';
import { createMediaJobs, type Job, type MediaJobs, type OutputOf } from '@media-jobs/core';
import { createFfmpeg } from '@media-jobs/ffmpeg';
import type { Logger } from '@media-jobs/foundation';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import { createModels, createWhisper, transcribe, type HallucinationMode } from '@media-jobs/whisper';
import type { CommandContext } from '../command.ts';
import { verboseLogger } from '../line-logger.ts';
import { modelProgress } from '../models/model-progress.ts';
import { createProgressBar } from '../progress-bar.ts';
import type { Settings } from '../settings.ts';
import type { Answer } from './answer.ts';
import { discardJob, discardUnfinished, removeForgotten } from './leave-nothing.ts';
import { createOwnJobQueue } from './own-job-queue.ts';
import { aboutFile } from './own-words.ts';

/** What is asked for. Paths are absolute. */
export interface TranscribeRequest {
  readonly file: string;
  /** A name, or an absolute path. */
  readonly model: string;
  /** Whether a named model that is absent may be downloaded. */
  readonly download: boolean;
  readonly language: string;
  /** Into English. */
  readonly translate: boolean;
  readonly hallucinations: HallucinationMode;
  readonly fresh: boolean;
  readonly verbose: boolean;
  readonly settings: Settings;
}

type Operations = readonly [ReturnType<typeof transcribe>];
type TranscribeJob = Job<OutputOf<Operations, 'transcribe'>>;

/**
 * The transcript of one file, from the cache or by running the job here. However it ends, no process and no temp file
 * of it is left; a result stays in the work folder for its time to live. Throws whatever the job failed with.
 */
export async function transcribeFile(request: TranscribeRequest, context: CommandContext): Promise<Answer> {
  const { settings } = request;
  const logger = verboseLogger(request.verbose, context);
  const { signal, clock } = context;
  await using bar = createProgressBar({ output: context.stderr, clock });
  await using whisper = await createWhisper({
    whisperCli: { engineFolder: settings.engineFolder },
    model: request.model,
    models: createModels({ folder: settings.modelsFolder, logger }),
    download: request.download,
    onModelProgress: modelProgress(bar),
    signal,
    logger,
  });
  const queue = createOwnJobQueue();
  const speech = createFfmpeg({ ...settings.ffmpeg, logger });
  const jobs = await createMediaJobs({
    operations: [transcribe({ whisper, speech })],
    store: createSqliteStore({ file: join(settings.workFolder, 'jobs.db') }),
    queue,
    workFolder: settings.workFolder,
    ...settings.jobs,
    logger,
  });
  // Whatever still runs when this is left has lost its purpose.
  await using _closing = { [Symbol.asyncDispose]: () => jobs.close({ deadlineMs: 0 }) };
  bar.update({ ratio: 0, phase: 'read' });
  logger.info({ file: request.file }, 'Phase read');
  const job = await jobs.submit('transcribe', { file: request.file, language: request.language, translate: request.translate, hallucinations: request.hallucinations }, { fresh: request.fresh, signal });
  await queue.take(await job.record());
  const answer = await answerOf(jobs, job, { file: request.file, workFolder: settings.workFolder, signal, onProgress: (ratio, phase) => bar.update({ ratio, phase }), logger });
  await removeForgotten(jobs, clock, logger);
  return answer;
}

interface Following {
  readonly file: string;
  readonly workFolder: string;
  readonly signal: AbortSignal;
  readonly onProgress: (ratio: number, phase: string) => void;
  readonly logger: Logger;
}

async function answerOf(jobs: MediaJobs<Operations>, job: TranscribeJob, following: Following): Promise<Answer> {
  try {
    await follow(job, following);
    const output = await job.result();
    const files = Object.entries(await job.files()).map(([name, { path }]) => [name, path] as const);
    const { text, language, durationSeconds, segments, timings, release, engine, model, warnings, hallucinations } = output;
    return { jobId: job.id, cached: job.cached, text, language, durationSeconds, segments, files: Object.fromEntries(files), timings, release, engine, model, warnings, hallucinations };
  } catch (error) {
    await (following.signal.aborted ? discardUnfinished(jobs, job, following.logger) : discardJob(jobs, job.id, following.logger));
    throw aboutFile(error, following.file, following.workFolder);
  }
}

async function follow(job: TranscribeJob, { signal, onProgress, logger }: Following): Promise<void> {
  let shown = '';
  for await (const { progress, phase, state } of job.events({ signal })) {
    const name = phase === '' ? state : phase;
    onProgress(progress, name);
    if (name !== shown) logger.info({ jobId: job.id, state }, `Phase ${name}`);
    shown = name;
  }
}
