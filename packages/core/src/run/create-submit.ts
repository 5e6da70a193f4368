import { MediaJobError } from '@media-jobs/foundation';
import type { FileDigest } from '@media-jobs/cleanup';
import type { RegisteredOperation } from '../operation/registered-operation.ts';
import type { SubmitOptions } from '../media-jobs.ts';
import { takeIn } from './intake.ts';
import { createKeyedLock } from './keyed-lock.ts';
import { requireOpenGate } from './reset/reset-gate.ts';
import type { RunContext } from './run-context.ts';
import { placeJob, type Placed } from './submit.ts';
import { abortedError } from './wait.ts';

/** What a submit inside the library may say besides. */
export interface PlacementOptions extends SubmitOptions {
  /** Digests of files of our own jobs, by absolute path. */
  readonly known?: ReadonlyMap<string, FileDigest>;
}

/** Puts a job in line, joins one that is there, or finds it completed. */
export type Submit = (operation: string, input: unknown, options?: PlacementOptions) => Promise<Placed>;

/** Submits of one identity go one after the other, so that fifty of them copy its files once. */
export function createSubmit(context: RunContext): Submit {
  const oneAtATime = createKeyedLock();
  return async (operation, input, { fresh = false, verifyDigests = false, priority = 0, namespace = context.namespace, correlationId = null, known, signal: given } = {}) => {
    const registered = requireOperation(context, operation);
    if (!Number.isSafeInteger(priority)) throw new MediaJobError('INVALID_OPTION', { message: `Expected \`priority\` to be a whole number, got \`${String(priority)}\`.`, advice: 'Higher goes first; 0 is usual.' });
    const signal = given === undefined ? context.closed : AbortSignal.any([given, context.closed]);
    await requireOpenGate(context);
    try {
      const intake = await takeIn(context, registered, input, { namespace, signal, ...(known === undefined ? {} : { known }) });
      return await oneAtATime(intake.id, () => placeJob(context, intake, { fresh, verifyDigests, priority, correlationId, signal }));
    } catch (error) {
      throw signal.aborted && !MediaJobError.isInstance(error) ? abortedError(error) : error;
    }
  };
}

/** Throws `UNKNOWN_OPERATION`. */
export function requireOperation({ operations }: RunContext, name: string): RegisteredOperation {
  const registered = operations.get(name);
  if (registered !== undefined) return registered;
  throw new MediaJobError('UNKNOWN_OPERATION', { message: `Expected the name of an operation (${[...operations.keys()].join(', ')}), got ${JSON.stringify(name)}.`, advice: 'Pass the operation to `createMediaJobs`, or correct the name.', facts: { operation: name } });
}
