import { createMediaJobs, createMemoryStore, defineOperation, definePipeline, inputFile, type StepResult } from '@media-jobs/core';
import { expectTypeOf, test } from 'vitest';
import { z } from 'zod';

const limits = { softTimeoutMs: 1_000, hardTimeoutMs: 2_000 };
const fetch = defineOperation({ name: 'fetch', version: 1, input: z.strictObject({ url: z.url(), quality: z.enum(['best', 'audio']).default('best') }), output: z.object({ title: z.string() }), limits, run: () => Promise.resolve({ title: '' }) });
const hear = defineOperation({ name: 'hear', version: 1, input: z.strictObject({ file: inputFile(), title: z.string() }), output: z.object({ words: z.number().transform(String) }), limits, run: () => Promise.resolve({ words: 1 }) });
const begun = definePipeline({ name: 'talk', version: 1, input: z.strictObject({ url: z.url(), loud: z.boolean().default(false) }) });

test('a step sees the input and the outputs of the steps before it, and the pipeline returns them all', async () => {
  const talk = begun
    .step('video', fetch, (before) => {
      expectTypeOf(before.input).toEqualTypeOf<{ url: string; loud: boolean }>();
      return { url: before.input.url, quality: 'audio' };
    })
    .step('words', hear, (before) => {
      expectTypeOf(before.video).toEqualTypeOf<StepResult<{ title: string }>>();
      return { file: before.video.file(), title: before.video.output.title };
    })
    .build();
  const jobs = await createMediaJobs({ operations: [fetch, hear, talk], store: createMemoryStore(), workFolder: 'work' });
  const { words, video } = await (await jobs.submit('talk', { url: 'http://a' })).result();
  expectTypeOf(words.output).toEqualTypeOf<{ words: string }>();
  expectTypeOf(video.output.title).toEqualTypeOf<string>();
  expectTypeOf(video.jobId).toEqualTypeOf<string>();
  // @ts-expect-error The pipeline has no such field.
  await jobs.submit('talk', { url: 'http://a', quality: 'best' });
});

test('a step that is made from something else does not compile', () => {
  const one = begun.step('video', fetch, ({ input }) => ({ url: input.url }));
  // @ts-expect-error `title` is missing.
  one.step('words', hear, ({ video }) => ({ file: video.file() }));
  // @ts-expect-error The output of `fetch` is a text, not a number.
  one.step('words', hear, ({ video }) => ({ file: video.file(), title: video.output.title.length }));
  // @ts-expect-error No step before has this name.
  one.step('words', hear, ({ audio }) => ({ file: audio.file(), title: '' }));
  // @ts-expect-error No such quality.
  begun.step('video', fetch, ({ input }) => ({ url: input.url, quality: 'worst' }));
});
