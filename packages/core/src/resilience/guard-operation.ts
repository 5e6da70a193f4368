import type { z } from 'zod';
import { defineOperation } from '../operation/define-operation.ts';
import type { Operation } from '../ports/operation.ts';
import type { Breaker } from './breaker.ts';

/**
 * The same operation behind a breaker: when its engine or service has failed several times in a row, attempts of whatever job end at once
 * with `CIRCUIT_OPEN`, which is not charged, and come back when the breaker lets one through. Files that are at fault do not count.
 */
export function guardOperation<const Name extends string, Input extends z.ZodType, Output extends z.ZodType>(operation: Operation<Name, Input, Output>, breaker: Breaker): Operation<Name, Input, Output> {
  return defineOperation<Name, Input, Output>({ ...operation, run: (input, attempt) => breaker.run(() => operation.run(input, attempt)) });
}
