import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineOperation } from './define-operation.ts';
import { inputFile } from './input-file.ts';
import { parseInput } from './parse-input.ts';

const operation = defineOperation({
  name: 'transcribe',
  version: 1,
  input: z.strictObject({ file: inputFile(), language: z.enum(['auto', 'en']).default('auto'), beams: z.number().int().min(1).optional() }),
  output: z.null(),
  limits: { softTimeoutMs: 1, hardTimeoutMs: 1 },
  run: () => Promise.resolve(null),
});

function refusalOf(input: unknown): unknown {
  try {
    return parseInput(operation, input);
  } catch (error) {
    return error;
  }
}

test('defaults are filled in', () => {
  expect(parseInput(operation, { file: 'a' })).toEqual({ file: 'a', language: 'auto' });
});

test('a refusal names each field, what was expected and what came', () => {
  expect(refusalOf({ file: 7, language: 'xx', beams: 0 })).toMatchObject({
    code: 'INVALID_INPUT',
    facts: {
      operation: 'transcribe',
      issues: [
        { field: 'file', expected: 'of type string', got: '7' },
        { field: 'language', expected: 'one of "auto", "en"', got: '"xx"' },
        { field: 'beams', expected: expect.stringContaining('>=1'), got: '0' },
      ],
    },
  });
  expect(refusalOf({})).toMatchObject({ message: 'Expected `file` of `transcribe` to be of type string, got nothing.' });
});

test('an unknown field of a strict schema is refused by its name', () => {
  expect(refusalOf({ file: 'a', langauge: 'en' })).toMatchObject({ code: 'INVALID_INPUT', message: 'Expected `langauge` of `transcribe` to be absent, got an unknown field.' });
});

test('a long value is cut, and what is no object at all is refused', () => {
  expect(refusalOf({ file: 'a', language: 'x'.repeat(500) })).toMatchObject({ message: expect.stringMatching(/got "x{59}…\./) });
  expect(refusalOf(null)).toMatchObject({ code: 'INVALID_INPUT', message: 'Expected the input of `transcribe` to be of type object, got null.' });
});
