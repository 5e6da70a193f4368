import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineOperation } from './define-operation.ts';
import { inputFile, inputFileFields } from './input-file.ts';

const limits = { softTimeoutMs: 1_000, hardTimeoutMs: 2_000 };
const whole = { name: 'count-words', version: 1, input: z.object({ file: inputFile() }), output: z.number(), limits, run: () => Promise.resolve(1) };

test('an operation is frozen and its limits are complete', () => {
  const operation = defineOperation(whole);
  expect(Object.isFrozen(operation)).toBe(true);
  expect(operation.limits).toMatchObject({ ...limits, maxAttempts: 3, maxWaiting: 100 });
});

test.each([
  ['an empty name', { name: '' }],
  ['a name with capitals', { name: 'Transcribe' }],
  ['a name with a slash', { name: 'a/b' }],
  ['a name that is too long', { name: 'a'.repeat(65) }],
  ['a version that is no whole number', { version: 1.5 }],
  ['a negative version', { version: -1 }],
  ['an input that is no object', { input: z.string() }],
  ['an input that is transformed as a whole', { input: z.object({}).transform(() => ({})) }],
  ['a hard limit below the soft one', { limits: { softTimeoutMs: 2, hardTimeoutMs: 1 } }],
])('%s is refused', (_what, wrong) => {
  expect(() => defineOperation({ ...whole, ...wrong } as typeof whole)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
});

test.each([
  ['a list', { files: z.array(inputFile()) }],
  ['a nested object', { source: z.object({ file: inputFile() }) }],
  ['a union', { source: z.union([inputFile(), z.number()]) }],
])('an input file within %s is refused, because it would not be found', (_where, shape) => {
  expect(() => defineOperation({ ...whole, input: z.object(shape) } as unknown as typeof whole)).toThrow(/top level/);
});

test('input files are found behind optional, nullable, default and checks, and nothing else is taken for one', () => {
  const schema = z.object({
    plain: inputFile(), optional: inputFile().optional(), nullable: inputFile().nullable(), preset: inputFile().default('a.wav'), both: inputFile().nullish().readonly(),
    checked: inputFile().max(9).describe('a file'), text: z.string(), number: z.number().optional(), list: z.array(z.string()),
  }).refine(() => true);
  expect(inputFileFields(schema)).toEqual(['plain', 'optional', 'nullable', 'preset', 'both', 'checked']);
});

test('an input file is marked in a JSON schema', () => {
  expect(z.toJSONSchema(whole.input)).toMatchObject({ properties: { file: { type: 'string', mediaJobs: 'input-file' } } });
});
