import { definePipeline } from '@media-jobs/core';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { letterPipeline, letterSteps } from './testing/letter-steps.ts';

const begin = () => definePipeline({ name: 'letters', version: 1, input: z.strictObject({ text: z.string() }) });
const { fetch, upper, count } = letterSteps();
const text = ({ input }: { readonly input: { readonly text: string } }) => ({ text: input.text });

test.each([
  ['a name that is taken by the input', () => begin().step('input', fetch, text)],
  ['a name with a dash', () => begin().step('get-it', fetch, text)],
  ['a name that another step has', () => begin().step('get', fetch, text).step('get', fetch, text)],
  ['no weight', () => begin().step('get', fetch, text, { weight: 0 })],
  ['no step', () => begin().build()],
])('%s is refused', (_what, define) => {
  expect(define).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
});

test('what is added to a pipeline leaves the one before as it was', () => {
  const one = begin().step('get', fetch, text);
  const two = one.step('raise', upper, ({ get }) => ({ file: get.file() }));
  expect([Object.keys(one.build().output.shape), Object.keys(two.build().output.shape)]).toEqual([['get'], ['get', 'raise']]);
});

test('names and versions of the steps are part of its identity, and so is what the definition says besides', async () => {
  const facts = (version: number) => letterPipeline('letters', { fetch, upper: { ...upper, version }, count, calls: {} }).identityFacts?.({ text: '', mark: '' });
  expect(await facts(1)).toEqual({ steps: [['fetch', 'fetch', 1], ['upper', 'upper', 1], ['count', 'count', 1]] });
  expect(await facts(2)).not.toEqual(await facts(1));
  const modelled = definePipeline({ name: 'a', version: 1, input: z.object({ text: z.string() }), identityFacts: ({ text: given }) => Promise.resolve({ model: given }) }).step('get', fetch, text).build();
  expect(await modelled.identityFacts?.({ text: 'm' })).toMatchObject({ model: 'm' });
});

test('it has one attempt, waits for long, and needs what its steps need', () => {
  const { limits, uses, healthChecks } = letterPipeline('letters', { fetch: { ...fetch, healthChecks: [{ name: 'net', check: () => Promise.resolve({ ok: true, detail: '' }) }] }, upper, count, calls: {} });
  expect(limits).toMatchObject({ maxAttempts: 1, softTimeoutMs: 86_400_000, concurrency: 100 });
  expect([uses?.map(({ name }) => name), healthChecks?.map(({ name }) => name)]).toEqual([['fetch', 'upper', 'count'], ['net']]);
});
