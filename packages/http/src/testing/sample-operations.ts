import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { defineOperation, inputFile, type Attempt, type Operation } from '@media-jobs/core';
import { z } from 'zod';

const limits = { softTimeoutMs: 20_000, hardTimeoutMs: 30_000, maxAttempts: 1 };

/** Names of the files that `copy` makes; the second is mischief for headers and paths. */
export const copiedNames = ['copy.bin', 'notes/Grüße "1".txt'] as const;

/** Takes a file and options of all kinds. */
export const copy = defineOperation({
  name: 'copy',
  version: 1,
  input: z.strictObject({
    file: inputFile(), second: inputFile().optional(), note: z.string().max(40).optional(), times: z.number().int().min(1).max(5).default(1), loud: z.boolean().default(false),
    mode: z.enum(['a', 'b']).default('a'), gain: z.union([z.number(), z.literal(false)]).default(false), cuts: z.array(z.number()).max(3).optional(),
  }),
  output: z.object({ bytes: z.number(), sha256: z.string() }),
  limits,
  async run({ file }, { artifacts }: Attempt) {
    const bytes = await readFile(file);
    await copyFile(file, join(artifacts.folder, copiedNames[0]));
    await artifacts.add(copiedNames[0]);
    await mkdir(join(artifacts.folder, 'notes'));
    await writeFile(join(artifacts.folder, copiedNames[1]), 'hello');
    await artifacts.add(copiedNames[1], 'text/plain; charset=utf-8');
    return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  },
});

/** Takes no file; its schema drops what it does not know in silence, which the service must not. */
export const say = defineOperation({ name: 'say', version: 1, input: z.object({ text: z.string().min(1).max(1_000), url: z.url().optional() }), output: z.string(), limits, run: async ({ text }) => Promise.resolve(text) });

/** Fails for good. */
export const fail = defineOperation({ name: 'fail', version: 1, input: z.strictObject({ text: z.string() }), output: z.string(), limits, run: () => Promise.reject(new Error('It cannot.')) });

/** An operation that goes on when it is told to, with each step of its progress by hand. */
export interface HeldOperation {
  readonly operation: Operation;
  /** Resolves with the attempt of the job of this text, when it runs. */
  readonly running: (text: string) => Promise<Attempt>;
  readonly release: (text: string) => void;
}

/** Makes one. */
export function heldOperation({ maxWaiting = 100, concurrency = 4 }: { readonly maxWaiting?: number; readonly concurrency?: number } = {}): HeldOperation {
  const gates = new Map<string, { readonly begun: PromiseWithResolvers<Attempt>; readonly end: PromiseWithResolvers<void> }>();
  const gate = (text: string) => {
    const found = gates.get(text) ?? { begun: Promise.withResolvers<Attempt>(), end: Promise.withResolvers<void>() };
    gates.set(text, found);
    return found;
  };
  const operation = defineOperation({
    name: 'held', version: 1, input: z.strictObject({ text: z.string() }), output: z.string(), limits: { ...limits, maxWaiting, concurrency },
    async run({ text }, attempt) {
      gate(text).begun.resolve(attempt);
      const aborted = new Promise<never>((_resolve, reject) => attempt.signal.addEventListener('abort', () => reject(attempt.signal.reason as Error), { once: true }));
      await Promise.race([gate(text).end.promise, aborted]);
      return text;
    },
  });
  return { operation, running: (text) => gate(text).begun.promise, release: (text) => gate(text).end.resolve() };
}
