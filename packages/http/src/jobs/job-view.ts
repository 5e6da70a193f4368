import { errorCodes, type MediaJobErrorCode } from '@media-jobs/foundation';
import type { JobRecord } from '@media-jobs/core';
import { z } from 'zod';
import { withoutPlaces } from '../problem/without-places.ts';

/** States of a job as they are told; `expiring` never is: such a job answers 410. */
export const shownStates = ['queued', 'running', 'retrying', 'completed', 'failed', 'cancelled'] as const;

const time = z.iso.datetime();

const fileSchema = z.object({ name: z.string(), bytes: z.number().int(), sha256: z.string(), mediaType: z.string().optional(), url: z.string() });
const jobErrorSchema = z.object({ code: z.string(), title: z.string(), detail: z.string(), advice: z.string().optional(), retryable: z.boolean() });

/** A job in a list. */
export const jobSummarySchema = z.object({
  id: z.string(),
  operation: z.string(),
  status: z.enum(shownStates),
  /** 0..1, never falling within a generation. */
  progress: z.number().min(0).max(1),
  /** What is being done, such as `decode`. */
  phase: z.string(),
  /** 1 for the first run of this content, one more for each re-run. */
  generation: z.number().int(),
  attempts: z.number().int(),
  priority: z.number().int(),
  cancelRequested: z.boolean(),
  createdAt: time,
  queuedAt: time,
  startedAt: time.nullable(),
  retryAt: time.nullable(),
  endedAt: time.nullable(),
  /** When the job and its files go; null until it has ended. */
  expiresAt: time.nullable(),
  /** Why it failed, or what went wrong last. */
  error: jobErrorSchema.nullable(),
  deadLetter: z.string().nullable(),
  correlationId: z.string().nullable(),
  inputs: z.array(z.object({ field: z.string(), name: z.string(), bytes: z.number().int(), sha256: z.string() })),
  files: z.array(fileSchema),
  links: z.object({ self: z.string(), events: z.string(), wait: z.string(), cancel: z.string() }),
});

/** A job whole. */
export const jobSchema = jobSummarySchema.extend({
  /** The input without its files. */
  options: z.record(z.string(), z.unknown()),
  /** What the operation returned; absent until it is completed. */
  output: z.unknown().optional(),
  usage: z.object({ wallMs: z.number(), waitingMs: z.number(), cpuMs: z.number(), peakRssBytes: z.number(), sampled: z.literal(true) }).nullable(),
});

/** The answer to a submit. */
export const submittedSchema = jobSchema.extend({ cached: z.boolean() });

export type JobSummary = z.infer<typeof jobSummarySchema>;
export type JobView = z.infer<typeof jobSchema>;

/** A record as it stands in a list. `base` is the path of the service. */
export function summaryOf(record: JobRecord, base: string): JobSummary {
  const { id, operation, state, progress, phase, generation, attempts, priority, cancelRequested, correlationId, inputs, deadLetter } = record;
  const self = `${base}/jobs/${id}`;
  return {
    id, operation, status: state as JobSummary['status'], progress, phase, generation, attempts, priority, cancelRequested,
    createdAt: iso(record.createdAt), queuedAt: iso(record.queuedAt), startedAt: isoOrNull(record.startedAt), retryAt: isoOrNull(record.retryAt), endedAt: isoOrNull(record.endedAt), expiresAt: isoOrNull(record.expiresAt),
    error: errorOf(record), deadLetter, correlationId,
    inputs: inputs.map(({ field, originalName, bytes, sha256 }) => ({ field, name: originalName, bytes, sha256 })),
    files: state === 'completed' ? record.artifacts.map((artifact) => ({ ...artifact, url: `${self}/files/${artifact.name.split('/').map(encodeURIComponent).join('/')}` })) : [],
    links: { self, events: `${self}/events`, wait: `${self}/wait`, cancel: `${self}/cancel` },
  };
}

/** A record as it is told whole. */
export function viewOf(record: JobRecord, base: string): JobView {
  const { state, options, output, usage } = record;
  return { ...summaryOf(record, base), options, ...(state === 'completed' ? { output } : {}), usage };
}

function errorOf({ error }: JobRecord): JobSummary['error'] {
  if (error === null) return null;
  const known = errorCodes[error.code as MediaJobErrorCode] as (typeof errorCodes)[MediaJobErrorCode] | undefined;
  const { code, message, advice } = error;
  return { code, title: known?.meaning ?? '', detail: withoutPlaces(message), ...(advice === undefined ? {} : { advice: withoutPlaces(advice) }), retryable: error.class !== 'permanent' };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}
