import { MediaJobError } from '@media-jobs/foundation';
import type { z } from 'zod';
import type { Artifact, JobRecord, JobUsage } from '../job/job.ts';
import { plainCopy } from '../job/plain-data.ts';
import type { Outcome } from '../ports/store-messages.ts';
import type { ResolvedLimits } from '../resilience/limits.ts';
import { judgeFailure } from '../resilience/retry.ts';
import type { Stop } from './stop-signals.ts';

/** How the work itself ended. */
export type WorkResult =
  | { readonly kind: 'returned'; readonly output: unknown; readonly artifacts: readonly Artifact[] }
  | { readonly kind: 'threw'; readonly error: MediaJobError };

/** What becomes of the attempt: an outcome to commit, the claim to give back, or nothing, because it is no longer ours. */
export type Ending = { readonly kind: 'commit'; readonly outcome: Outcome } | { readonly kind: 'release' } | { readonly kind: 'abandon' };

export interface EndingFacts {
  readonly result: WorkResult;
  /** What stopped it from outside, if anything did. */
  readonly stop: Stop | undefined;
  readonly record: JobRecord;
  readonly limits: ResolvedLimits;
  readonly outputFolder: string;
  readonly usage: JobUsage;
  readonly logTail: readonly string[];
  readonly random: () => number;
}

/**
 * A lost claim outranks all, then the wish to cancel, also where the work had just succeeded. A shutdown gives the claim
 * back only if the work did not succeed all the same. Whatever a stopped attempt threw, the stop is the error.
 */
export function decideEnding(facts: EndingFacts): Ending {
  const { result, stop, usage, outputFolder } = facts;
  if (stop?.kind === 'lost') return { kind: 'abandon' };
  if (stop?.kind === 'cancelled') return { kind: 'commit', outcome: { kind: 'cancelled', usage } };
  if (result.kind === 'returned') {
    const { output, artifacts } = result;
    return { kind: 'commit', outcome: { kind: 'completed', output, artifacts, outputFolder, usage } };
  }
  if (stop?.kind === 'interrupted') return { kind: 'release' };
  return { kind: 'commit', outcome: failureOutcome(stop === undefined ? result.error : stopError(stop, result.error), facts) };
}

/** The outcome of an attempt that failed with this error. */
export function failureOutcome(error: MediaJobError, { record, limits, usage, logTail, random }: Omit<EndingFacts, 'result' | 'stop' | 'outputFolder'>): Outcome {
  const { retryBaseMs, retryCapMs } = limits;
  const verdict = judgeFailure(error, { attempts: record.attempts, refunds: record.refunds, retryBaseMs, retryCapMs, random });
  return { ...verdict, error: error.toJSON(), usage, logTail };
}

/** The limit is what counts; what the work said when it was stopped helps to understand it. */
function stopError({ error }: Stop, thrown: MediaJobError): MediaJobError {
  if (thrown === error || thrown.code === error.code) return thrown;
  return new MediaJobError(error.code, { message: error.message, ...(error.advice === undefined ? {} : { advice: error.advice }), facts: error.facts, cause: thrown });
}

/**
 * The output as the store will bring it back, after it was held against the operation's schema. What is stored is what
 * the operation returned; whoever reads it parses it, so that defaults and transforms of the schema happen once.
 * Throws `OUTPUT_INVALID`.
 */
export function checkOutput(schema: z.ZodType, output: unknown): unknown {
  const stored = plainCopy(output);
  parseOutput(schema, stored);
  return stored;
}

/** A stored output as the schema gives it. Throws `OUTPUT_INVALID`. */
export function parseOutput(schema: z.ZodType, stored: unknown): unknown {
  const parsed = schema.safeParse(stored);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new MediaJobError('OUTPUT_INVALID', {
    message: `Expected a result that fits the operation's output schema, got a wrong \`${issue?.path.join('.') ?? ''}\`: ${issue?.message ?? 'unknown'}.`,
    advice: 'Correct the operation, or its output schema; what it returns must survive JSON.',
    facts: { issues: parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })) },
    cause: parsed.error,
  });
}
