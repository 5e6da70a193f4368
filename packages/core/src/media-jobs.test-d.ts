import { createMediaJobs, createMemoryStore, defineOperation, inputFile, type AnyMediaJobs, type Job, type JobRecord, type Operation } from '@media-jobs/core';
import { expectTypeOf, test } from 'vitest';
import { z } from 'zod';

const limits = { softTimeoutMs: 1_000, hardTimeoutMs: 2_000 };

const transcribe = defineOperation({
  name: 'transcribe',
  version: 1,
  input: z.strictObject({ file: inputFile(), language: z.enum(['auto', 'en']).default('auto'), at: z.string().transform(Number).optional() }),
  output: z.object({ text: z.string(), words: z.array(z.string()).default([]) }),
  limits,
  run: async (input, attempt) => {
    expectTypeOf(input.language).toEqualTypeOf<'auto' | 'en'>();
    expectTypeOf(input.at).toEqualTypeOf<number | undefined>();
    expectTypeOf(attempt.tempFolder).toEqualTypeOf<string>();
    return { text: input.file };
  },
});

const probe = defineOperation({ name: 'probe', version: 1, input: z.object({ file: inputFile() }), output: z.number(), limits, run: () => Promise.resolve(1) });

test('a submit knows the names, the inputs and the results of the operations', async () => {
  const jobs = await createMediaJobs({ operations: [transcribe, probe], store: createMemoryStore(), workFolder: 'work' });
  const job = await jobs.submit('transcribe', { file: 'a', language: 'en' }, { priority: 1 });
  expectTypeOf(job).toEqualTypeOf<Job<{ text: string; words: string[] }>>();
  expectTypeOf(await job.result()).toEqualTypeOf<{ text: string; words: string[] }>();
  expectTypeOf(await (await jobs.submit('probe', { file: 'a' })).result()).toEqualTypeOf<number>();
  expectTypeOf(await job.record()).toEqualTypeOf<JobRecord>();
});

test('a wrong name, a wrong input and an unknown option do not compile', async () => {
  const jobs = await createMediaJobs({ operations: [transcribe, probe], store: createMemoryStore(), workFolder: 'work' });
  // @ts-expect-error No such operation.
  await jobs.submit('transcrib', { file: 'a' });
  // @ts-expect-error The file is missing.
  await jobs.submit('transcribe', { language: 'en' });
  // @ts-expect-error No such language.
  await jobs.submit('transcribe', { file: 'a', language: 'xx' });
  // @ts-expect-error `language` belongs to the other operation.
  await jobs.submit('probe', { file: 'a', language: 'en' });
  // @ts-expect-error No such option.
  await jobs.submit('probe', { file: 'a' }, { prio: 1 });
});

test('an operation whose run returns something else does not compile', () => {
  // @ts-expect-error The output is a number.
  defineOperation({ name: 'wrong', version: 1, input: z.object({}), output: z.number(), limits, run: () => Promise.resolve('text') });
});

test('operations that are not known when the program is written take and give anything', async () => {
  const jobs = await createMediaJobs({ operations: [transcribe, probe] as readonly Operation[], store: createMemoryStore(), workFolder: 'work' });
  expectTypeOf(await (await jobs.submit('anything', { file: 'a' })).result()).toEqualTypeOf<unknown>();
});

test('media jobs of known operations fit where any are taken', () => {
  const take = (jobs: AnyMediaJobs): Promise<Job<unknown>> => jobs.submit('anything', { file: 'a' });
  const give = async (): Promise<Job<unknown>> => take(await createMediaJobs({ operations: [transcribe], store: createMemoryStore(), workFolder: 'work' }));
  expectTypeOf(give).toBeFunction();
});
