import type { Operation } from '../ports/operation.ts';
import { resolveLimits, type ResolvedLimits } from '../resilience/limits.ts';
import { inputFileFields } from './input-file.ts';

/** An operation as the runner uses it: what would else be worked out for each job is worked out once. */
export interface RegisteredOperation {
  readonly operation: Operation;
  readonly limits: ResolvedLimits;
  /** Names of the input fields that are files. */
  readonly fileFields: readonly string[];
}

export function registerOperation(operation: Operation): RegisteredOperation {
  return Object.freeze({ operation, limits: resolveLimits(operation.limits), fileFields: inputFileFields(operation.input) });
}
