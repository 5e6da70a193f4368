// What clients of the original transcriber ask for below a job, and its list of languages.
import type { AnyMediaJobs, JobRecord } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import { languages, transcribeOutput } from '@media-jobs/whisper';
import type { FastifyInstance } from 'fastify';

/** Adds `GET /jobs/:id/text`, `GET /jobs/:id/transcription` and `GET /languages`. */
export function addTranscriptRoutes(app: FastifyInstance, jobs: AnyMediaJobs): void {
  app.get('/languages', () => ({ transcription: { supported_languages: ['auto', ...languages.map(({ code }) => code)], total: languages.length + 1, default: 'auto' }, translation: ['en'] }));
  app.get<{ Params: { id: string } }>('/jobs/:id/text', async ({ params: { id } }) => {
    const { output } = await transcriptOf(jobs, id);
    return { text: output.text };
  });
  app.get<{ Params: { id: string } }>('/jobs/:id/transcription', async ({ params: { id } }) => {
    const { record, output } = await transcriptOf(jobs, id);
    const segments = output.segments.map(({ text, start, end }) => ({ text, start, end, duration: end - start }));
    return {
      transcription_id: id, filename: record.inputs[0]?.originalName ?? null,
      language: output.language, language_detected: output.language, was_translated: record.options['translate'] === true,
      full_text: output.text, segments, total_segments: segments.length, duration: output.durationSeconds, processing_time: (record.usage?.wallMs ?? 0) / 1_000,
    };
  });
}

async function transcriptOf(jobs: AnyMediaJobs, id: string) {
  const record = await (await jobs.find(id)).record();
  if (record.operation !== 'transcribe' || record.state !== 'completed') {
    throw new MediaJobError('JOB_NOT_READY', { message: `Expected a completed transcription, got a job of \`${record.operation}\` that is ${record.state}.`, advice: 'Follow the job, and ask again when it is completed.', facts: { jobId: id } });
  }
  return { record, output: transcribeOutput.parse(record.output) } satisfies { readonly record: JobRecord; readonly output: unknown };
}
