import { artifactSchema } from '@media-jobs/core';
import { MediaJobError, errorCodes, type MediaJobErrorCode } from '@media-jobs/foundation';
import { z } from 'zod';

/** States of a job as a service tells them. */
const remoteStates = ['queued', 'running', 'retrying', 'completed', 'failed', 'cancelled'] as const;
export type RemoteState = (typeof remoteStates)[number];

const progressSchema = z.looseObject({ generation: z.number(), status: z.enum(remoteStates), progress: z.number().min(0).max(1), phase: z.string() });

const viewSchema = progressSchema.extend({
  id: z.string().regex(/^[\w-]{1,200}$/),
  operation: z.string(),
  error: z.looseObject({ code: z.string(), detail: z.string(), advice: z.string().optional(), retryable: z.boolean().optional() }).nullish(),
  output: z.unknown().optional(),
  cached: z.boolean().optional(),
  files: z.array(z.looseObject({ ...artifactSchema.shape, url: z.string().optional() })).default([]),
});

/** A job as a service tells it. Fields that it says beside these are kept. */
export type RemoteView = z.output<typeof viewSchema>;
/** How far a job is, as a service tells it. */
export type RemoteProgress = z.output<typeof progressSchema>;

/** Reads a job. Throws `SERVICE_REFUSED` for what is none. */
export function readView(service: string, value: unknown): RemoteView {
  return read(service, viewSchema, value, 'a job');
}

/** Reads the data of a `progress` event. Throws `SERVICE_REFUSED`. */
export function readProgress(service: string, value: unknown): RemoteProgress {
  return read(service, progressSchema, value, 'the progress of a job');
}

/** The states in which a job has ended. */
export function hasEnded(status: RemoteState): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

/** The error of a job that did not complete. */
export function jobError(service: string, { id, status, error }: RemoteView): MediaJobError {
  const facts = { service, jobId: id };
  if (error === undefined || error === null) {
    const code = status === 'cancelled' ? 'CANCELLED' : 'SERVICE_REFUSED';
    return new MediaJobError(code, { message: `Expected a result of ${service}, got a job that is ${status}.`, advice: 'Submit it again if that was not meant.', facts });
  }
  return new MediaJobError(knownCode(error.code) ?? 'SERVICE_REFUSED', { message: `${service}: ${error.detail}`, ...(error.advice === undefined ? {} : { advice: error.advice }), facts: { ...facts, remoteCode: error.code } });
}

/** The code of the one table; undefined for one of a later release. */
export function knownCode(code: unknown): MediaJobErrorCode | undefined {
  return typeof code === 'string' && Object.hasOwn(errorCodes, code) ? (code as MediaJobErrorCode) : undefined;
}

function read<Schema extends z.ZodType>(service: string, schema: Schema, value: unknown, what: string): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new MediaJobError('SERVICE_REFUSED', { message: `Expected ${what} from ${service}, got a wrong \`${issue?.path.join('.') ?? ''}\`: ${issue?.message ?? 'unknown'}.`, advice: 'Check that the address is that of a media-jobs service of this release.', facts: { service }, cause: parsed.error });
}
