import { MediaJobError } from '@media-jobs/foundation';
import { z } from 'zod';

const nothing = z.strictObject({});

/** A part of a request as its schema gives it. Throws `INVALID_OPTION`, which names each field that is wrong. */
export function readPart(part: 'path' | 'query' | 'body', schema: z.ZodType = nothing, given: unknown = {}): unknown {
  const parsed = schema.safeParse(given, { reportInput: false });
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => ({ field: fieldOf(issue), expected: issue.code === 'unrecognized_keys' ? 'absent' : issue.message }));
  throw new MediaJobError('INVALID_OPTION', {
    message: issues.map(({ field, expected }) => `Expected ${field === '' ? `the ${part}` : `\`${field}\` of the ${part}`} to be right, got: ${expected === 'absent' ? 'an unknown field' : expected}.`).join(' '),
    advice: 'Correct the fields that are named; the OpenAPI document lists them all.',
    facts: { issues },
  });
}

function fieldOf(issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String);
  return (issue.code === 'unrecognized_keys' ? [...path, issue.keys[0] ?? ''] : path).join('.');
}
