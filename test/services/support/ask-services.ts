import { expect } from 'vitest';

/** A job as the services answer it, under the names of today and of the original. */
export interface AnsweredJob {
  readonly id: string;
  readonly operation: string;
  readonly status: string;
  readonly cached?: boolean;
  readonly phase: string;
  readonly progress: number;
  readonly error: { readonly code: string; readonly detail: string } | null;
  readonly files: readonly { readonly name: string; readonly url: string }[];
  readonly output?: Readonly<Record<string, { readonly jobId: string; readonly cached: boolean; readonly output: { readonly text?: string } }>>;
  readonly job_id: string;
  readonly overall_progress: number;
  readonly transcription_text?: string;
  readonly transcription_segments?: readonly { readonly duration: number }[];
  readonly transcription_file?: string;
  readonly audio_file?: string;
  readonly stages?: Readonly<Record<string, { readonly status: string }>>;
}

export async function getJson<Answer>(url: string): Promise<Answer> {
  return (await (await fetch(url)).json()) as Answer;
}

export async function postJson(url: string, body: object = {}): Promise<{ readonly status: number; readonly answer: AnsweredJob }> {
  const answered = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  return { status: answered.status, answer: (await answered.json()) as AnsweredJob };
}

/** What a factory reset answers. */
export interface ResetAnswer {
  readonly ok: boolean;
  readonly message: string;
  readonly self: { readonly ok: boolean; readonly jobsRemoved: number };
  readonly services: Readonly<Record<string, { readonly status: string; readonly error?: string }>>;
}

export async function factoryReset(base: string): Promise<ResetAnswer> {
  return (await (await fetch(`${base}/admin/factory-reset`, { method: 'POST' })).json()) as ResetAnswer;
}

/** Follows a job by its events until `isIt` says so, or to its end; resolves with its phases so far. */
export async function followUntil(base: string, id: string, isIt: (phase: string) => boolean): Promise<readonly string[]> {
  const phases: string[] = [];
  const { body } = await fetch(`${base}/jobs/${id}/events`);
  let text = '';
  for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const { phase = '' } of events.map((event) => JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? '{}') as { readonly phase?: string })) {
      if (phase !== '' && phases.at(-1) !== phase) phases.push(phase);
      if (isIt(phase)) return phases;
    }
  }
  return phases;
}

/** Waits for the end of a job, also while its service is away. */
export async function waitForEnd(base: string, id: string, patienceMs = 60_000): Promise<AnsweredJob> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const job = await getJson<AnsweredJob>(`${base}/jobs/${id}/wait?timeoutSeconds=10`).catch(() => undefined);
    if (job !== undefined && ['completed', 'failed', 'cancelled'].includes(job.status)) return job;
    expect(performance.now(), `${id}: ${JSON.stringify(job)}`).toBeLessThan(end);
  }
}
