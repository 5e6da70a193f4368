import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineOperation, definePipeline, inputFile, type Attempt } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import { z } from 'zod';

/** What a test does to a step while it runs; by the name of its operation. */
export type Interference = Readonly<Record<string, (attempt: Attempt, call: number) => Promise<void> | void>>;

const limits = { softTimeoutMs: 60_000, hardTimeoutMs: 90_000, concurrency: 4 };

/** Three operations that hand a file on: `fetch` writes a text, `upper` makes its letters large, `count` counts them. */
export function letterSteps(interference: Interference = {}) {
  const calls: Record<string, number> = { fetch: 0, upper: 0, count: 0 };
  const enter = async (name: string, attempt: Attempt): Promise<void> => {
    calls[name] = (calls[name] ?? 0) + 1;
    attempt.report({ ratio: 0.5, phase: 'half' });
    await interference[name]?.(attempt, calls[name]);
  };
  const keep = async (attempt: Attempt, name: string, content: string): Promise<void> => {
    await writeFile(join(attempt.artifacts.folder, name), content);
    await attempt.artifacts.add(name, 'text/plain');
  };
  const fetch = defineOperation({
    name: 'fetch', version: 1, input: z.strictObject({ text: z.string() }), output: z.object({ length: z.number() }), limits,
    async run({ text }, attempt) {
      await enter('fetch', attempt);
      await keep(attempt, 'text.txt', text);
      return { length: text.length };
    },
  });
  const upper = defineOperation({
    name: 'upper', version: 1, input: z.strictObject({ file: inputFile(), mark: z.string().default('') }), output: z.object({ head: z.string() }), limits,
    async run({ file, mark }, attempt) {
      await enter('upper', attempt);
      const text = (await readFile(file, 'utf8')).toUpperCase() + mark;
      await keep(attempt, 'upper.txt', text);
      attempt.share(text.slice(0, 1));
      return { head: text.slice(0, 1) };
    },
  });
  const count = defineOperation({
    name: 'count', version: 1, input: z.strictObject({ file: inputFile(), wanted: z.number() }), output: z.object({ letters: z.number(), asWanted: z.boolean() }), limits,
    async run({ file, wanted }, attempt) {
      await enter('count', attempt);
      const text = await readFile(file, 'utf8');
      await keep(attempt, 'count.txt', String(text.length));
      return { letters: text.length, asWanted: text.length === wanted };
    },
  });
  return { fetch, upper, count, calls };
}

/** A pipeline of the three. `between` is called with the paths that a step is about to hand on. */
export function letterPipeline<const Name extends string>(name: Name, { fetch, upper, count }: ReturnType<typeof letterSteps>, between: (path: string, jobId: string) => void = () => undefined) {
  const handOn = (path: string, jobId: string): string => {
    between(path, jobId);
    return path;
  };
  return definePipeline({ name, version: 1, input: z.strictObject({ text: z.string(), mark: z.string().default('') }) })
    .step('fetch', fetch, ({ input }) => ({ text: input.text }))
    .step('upper', upper, ({ input, fetch: fetched }) => ({ file: handOn(fetched.file(), fetched.jobId), mark: input.mark }), { weight: 2 })
    .step('count', count, ({ fetch: fetched, upper: raised }) => ({ file: handOn(raised.file('upper.txt'), raised.jobId), wanted: fetched.output.length }))
    .build();
}

/** Rejects with the signal's reason once it aborts. */
export function hang({ signal }: Attempt): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = (): void => reject(MediaJobError.from(signal.reason));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
