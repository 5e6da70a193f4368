// Clients of the services that these examples take after asked under other names: their fields are answered beside today's.
import type { FastifyInstance } from 'fastify';

/** The part of a job's answer that matters here. */
interface AnsweredJob {
  readonly id: string;
  readonly operation: string;
  readonly status: string;
  readonly progress: number;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly expiresAt: string | null;
  readonly error: { readonly detail: string } | null;
  readonly inputs: readonly { readonly name: string; readonly bytes: number }[];
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly url: string; readonly mediaType?: string }[];
  readonly output?: unknown;
}

interface Segment {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What a step of a pipeline has come to. */
interface StepReport {
  readonly jobId: string;
  readonly output: { readonly text?: string; readonly segments?: readonly Segment[] };
}

/** Adds the original fields to every job that the plugin answers with. */
export function answerOriginalClients(app: FastifyInstance): void {
  app.addHook('preSerialization', (_request, _reply, payload, done) => {
    const list = Object(payload) as { readonly jobs?: unknown };
    if (isJob(payload)) done(null, withOriginalFields(payload));
    else if (Array.isArray(list.jobs)) done(null, { ...list, jobs: list.jobs.map((job: unknown) => (isJob(job) ? withOriginalFields(job) : job)) });
    else done(null, payload);
  });
}

function isJob(payload: unknown): payload is AnsweredJob {
  const { id, operation } = Object(payload) as Partial<AnsweredJob>;
  return typeof id === 'string' && typeof operation === 'string' && 'inputs' in Object(payload);
}

function withOriginalFields(job: AnsweredJob): object {
  const [input, file] = [job.inputs[0], job.files[0]];
  return {
    ...job,
    job_id: job.id,
    overall_progress: Math.round(job.progress * 1000) / 10,
    created_at: job.createdAt,
    started_at: job.startedAt,
    completed_at: job.endedAt,
    expires_at: job.expiresAt,
    error_message: job.error?.detail ?? null,
    filename: input?.name ?? file?.name ?? null,
    file_size_input: input?.bytes ?? null,
    file_size: file?.bytes ?? null,
    output_file: file?.url ?? null,
    ...wordsOf(job),
  };
}

/** Of a transcription, or of a pipeline with one in it. */
function wordsOf({ id, files, output, links }: AnsweredJob & { readonly links?: { readonly self: string } }): object {
  const base = links?.self.slice(0, -`/jobs/${id}`.length) ?? '';
  const steps = Object.entries(Object(output) as Readonly<Record<string, Partial<StepReport> | undefined>>).filter((step): step is [string, StepReport] => typeof step[1]?.jobId === 'string');
  const heard = [output, ...steps.map(([, step]) => step.output)].findLast((one) => Array.isArray(Object(one).segments)) as StepReport['output'] | undefined;
  const captions = files.find(({ name }) => name.endsWith('.srt'));
  const sound = steps.find(([name]) => name === 'normalization')?.[1];
  return {
    ...(heard === undefined ? {} : { transcription_text: heard.text, transcription_segments: heard.segments?.map(({ start, end, text }) => ({ text, start, end, duration: end - start })) }),
    ...(captions === undefined ? {} : { transcription_file: captions.url }),
    ...(sound === undefined ? {} : { audio_file: `${base}/jobs/${sound.jobId}/files/speech.wav` }),
    ...(steps.length === 0 ? {} : { stages: Object.fromEntries(steps.map(([name, { jobId }]) => [name, { status: 'completed', job_id: jobId }])) }),
  };
}
