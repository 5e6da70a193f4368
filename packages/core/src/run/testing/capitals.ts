import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineOperation, inputFile } from '@media-jobs/core';
import { z } from 'zod';

/** An input for `capitals`, longer than one chunk of a stream. */
export const text = 'hello '.repeat(100_000);

export function digestOf(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Writes its file in capitals, and another with its length. */
export const capitals = () => defineOperation({
  name: 'capitals',
  version: 1,
  input: z.strictObject({ file: inputFile(), fails: z.boolean().default(false) }),
  output: z.object({ length: z.number() }),
  limits: { softTimeoutMs: 10_000_000, hardTimeoutMs: 20_000_000, maxAttempts: 1 },
  run: async ({ file, fails }, { artifacts }) => {
    const content = await readFile(file, 'utf8');
    await writeFile(join(artifacts.folder, 'capitals.txt'), content.toUpperCase());
    await artifacts.add('capitals.txt', 'text/plain');
    await writeFile(join(artifacts.folder, 'length.txt'), String(content.length));
    await artifacts.add('length.txt');
    if (fails) throw new Error('The operation fails after its files are made');
    return { length: content.length };
  },
});
