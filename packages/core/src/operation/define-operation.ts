import { MediaJobError } from '@media-jobs/foundation';
import type { z } from 'zod';
import type { Operation } from '../ports/operation.ts';
import { resolveLimits } from '../resilience/limits.ts';
import { buriedFileFields } from './input-file.ts';

const namePattern = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
const maxNameLength = 64;

/**
 * Makes a typed unit of work. The definition is checked, its limits get their defaults, and the result is frozen.
 * The input must be an object schema (refinements are fine, a transform of the whole object is not), and what it
 * parses to must survive JSON, because the store keeps it. Throws `INVALID_OPTION`.
 */
export function defineOperation<const Name extends string, Input extends z.ZodType, Output extends z.ZodType>(
  definition: Operation<Name, Input, Output>,
): Operation<Name, Input, Output> {
  const { name, version, input } = definition;
  if (typeof name !== 'string' || name.length > maxNameLength || !namePattern.test(name)) {
    throw refusal('name', `small letters, digits and single dashes, at most ${maxNameLength}`, name);
  }
  if (!Number.isSafeInteger(version) || version < 0) throw refusal('version', 'a whole number of at least 0', version);
  if (input.def.type !== 'object') throw refusal('input', 'an object schema', input.def.type);
  const buried = buriedFileFields(input);
  if (buried.length > 0) throw refusal('input', 'a schema with its input files at the top level', `input files within ${buried.join(', ')}`);
  return Object.freeze({ ...definition, limits: resolveLimits(definition.limits) });
}

function refusal(option: string, expected: string, value: unknown): MediaJobError {
  return new MediaJobError('INVALID_OPTION', {
    message: `Expected \`${option}\` to be ${expected}, got \`${String(value)}\`.`,
    advice: 'Correct the definition of the operation.',
    facts: { option, value: String(value) },
  });
}
