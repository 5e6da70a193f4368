import { inspect } from 'node:util';
import { MediaJobError } from '@media-jobs/foundation';
import type { z } from 'zod';
import type { Operation } from '../ports/operation.ts';

/** One thing that is wrong with an input. */
export interface InputIssue {
  /** Dotted path of the field; empty for the input itself. */
  readonly field: string;
  readonly expected: string;
  readonly got: string;
}

/** Longer values are cut in messages. */
const maxShown = 60;

/** The input as the operation's schema gives it. Throws `INVALID_INPUT`, naming each field, what was expected, and what came. */
export function parseInput({ name, input: schema }: Operation, input: unknown): Readonly<Record<string, unknown>> {
  const parsed = schema.safeParse(input, { reportInput: true });
  if (parsed.success) return parsed.data as Readonly<Record<string, unknown>>;
  const issues = parsed.error.issues.map(describeIssue);
  throw new MediaJobError('INVALID_INPUT', {
    message: issues.map(({ field, expected, got }) => `Expected ${field === '' ? 'the input' : `\`${field}\``} of \`${name}\` to be ${expected}, got ${got}.`).join(' '),
    advice: 'Correct the fields that are named; the documentation of the operation lists them all.',
    facts: { operation: name, issues },
    cause: parsed.error,
  });
}

function describeIssue(issue: z.core.$ZodIssue): InputIssue {
  const field = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const first = issue.keys[0] ?? '';
    return { field: field === '' ? first : `${field}.${first}`, expected: 'absent', got: issue.keys.length === 1 ? 'an unknown field' : `unknown fields ${issue.keys.join(', ')}` };
  }
  return { field, expected: expectation(issue), got: shown(issue.input) };
}

function expectation(issue: Exclude<z.core.$ZodIssue, { readonly code: 'unrecognized_keys' }>): string {
  if (issue.code === 'invalid_type') return `of type ${issue.expected}`;
  if (issue.code === 'invalid_value') return issue.values.length === 1 ? shown(issue.values[0]) : `one of ${issue.values.map(shown).join(', ')}`;
  return `right (${issue.message})`;
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'string' ? JSON.stringify(value) : inspect(value, { depth: 1, breakLength: Infinity });
  return text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
}
