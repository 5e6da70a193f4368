import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMediaJobs, defineOperation, inputFile, type AnyMediaJobs, type Attempt } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import { createFfmpeg, prepareSpeechOperation, spectrogramOperation } from '@media-jobs/ffmpeg';
import { mediaJobs, type MediaJobsHttpOptions } from '@media-jobs/http';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import { createWhisper, transcribe } from '@media-jobs/whisper';
import Fastify from 'fastify';
import { z } from 'zod';
import { fixtureModel } from '../../command/run-command.ts';

/** A service with real operations, as a visitor meets it. */
export interface TalkService extends AsyncDisposable {
  readonly url: string;
  readonly jobs: AnyMediaJobs;
  readonly workFolder: string;
  /** Has the job that dawdles tell a part of its result. */
  readonly tell: (part: object) => void;
}

const limits = { softTimeoutMs: 60_000, hardTimeoutMs: 60_000, maxAttempts: 1 };

/** Takes until it is cancelled. */
const dawdle = (begin: (attempt: Attempt) => void) => defineOperation({
  name: 'dawdle', version: 1, input: z.strictObject({ file: inputFile() }), output: z.null(), limits,
  run: (_input, attempt) => new Promise<null>((_resolve, reject) => {
    begin(attempt);
    attempt.report({ ratio: 0.4, phase: 'dawdling' });
    attempt.signal.addEventListener('abort', () => reject(attempt.signal.reason as Error), { once: true });
  }),
});

/** Never works. */
const stumble = defineOperation({
  name: 'stumble', version: 1, input: z.strictObject({ file: inputFile() }), output: z.null(), limits,
  run: () => Promise.reject(new MediaJobError('CORRUPT', { message: 'Expected a whole file, got half of one.', advice: 'Send it again.' })),
});

/** Starts one on a free port. Disposal leaves nothing of it. */
export async function openTalkService(http: Partial<MediaJobsHttpOptions> = {}, prefix = ''): Promise<TalkService> {
  const workFolder = await mkdtemp(join(tmpdir(), 'media-jobs-page-'));
  const ffmpeg = createFfmpeg();
  let attempt: Attempt | undefined;
  const whisper = await createWhisper({ model: fixtureModel, keepAliveMs: 60_000 });
  const operations = [transcribe({ whisper, speech: ffmpeg }), prepareSpeechOperation({ ffmpeg }), spectrogramOperation({ ffmpeg }), dawdle((begun) => (attempt = begun)), stumble];
  const jobs = await createMediaJobs({ operations, store: createSqliteStore({ file: join(workFolder, 'jobs.db') }), workFolder, pollIntervalMs: 50, diskReserveBytes: 0 });
  const app = Fastify({ forceCloseConnections: true });
  await app.register(mediaJobs, { jobs, service: { name: 'talks', version: '1.2.3' }, rateLimit: false, loadLimits: false, ...http, prefix });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  return {
    url: `${url}${prefix}`, jobs, workFolder,
    tell: (part) => attempt?.share(part),
    async [Symbol.asyncDispose]() {
      await app.close();
      await jobs.close({ deadlineMs: 0 });
      await whisper[Symbol.asyncDispose]();
      await rm(workFolder, { recursive: true, force: true });
      if (existsSync(workFolder)) throw new Error(`${workFolder} is still there`);
    },
  };
}
