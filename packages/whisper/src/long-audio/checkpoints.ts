import { createHash, randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, type EngineResult } from '@media-jobs/core';
import { MediaJobError, type Logger } from '@media-jobs/foundation';
import { z } from 'zod';

/** All that the text of a chunk depends on; must survive JSON. */
export type ChunkFacts = Readonly<Record<string, string | number | boolean | null>>;

/** Results of chunks that are finished, in a folder that outlives a killed process. */
export interface Checkpoints {
  /** What an earlier run heard in the same sound, with the same means. Undefined where there is nothing, or nothing that can be read. */
  find(facts: ChunkFacts): Promise<EngineResult | undefined>;
  /** Never rejects: a checkpoint that cannot be written costs time later, and nothing now. */
  keep(facts: ChunkFacts, result: EngineResult): Promise<void>;
}

const version = 1;

const word = z.looseObject({ start: z.number(), end: z.number(), text: z.string() });
const checkpoint = z.object({
  version: z.literal(version),
  key: z.string(),
  // Loose: what an engine tells beside this comes back as it was.
  result: z.looseObject({
    segments: z.array(z.looseObject({ start: z.number(), end: z.number(), text: z.string(), words: z.array(word).optional() })),
    language: z.string(),
    languageProbability: z.number().optional(),
    warnings: z.array(z.string()),
  }),
});

/**
 * Keeps one small file for each chunk, named by what it depends on, so that nothing stale is ever found. Several
 * processes may use the folder at once: a file appears whole, under its name, or not at all.
 */
export function createCheckpoints(folder: string, logger: Logger): Checkpoints {
  const placeOf = (key: string): string => join(folder, `${key}.json`);
  return Object.freeze({
    async find(facts: ChunkFacts): Promise<EngineResult | undefined> {
      const key = keyOf(facts);
      try {
        const found = checkpoint.parse(JSON.parse(await readFile(placeOf(key), 'utf8')));
        return found.key === key ? (found.result as EngineResult) : undefined;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') logger.warn({ err: MediaJobError.from(error) }, 'A checkpoint cannot be read; its chunk is heard again');
        return undefined;
      }
    },
    async keep(facts: ChunkFacts, result: EngineResult): Promise<void> {
      const key = keyOf(facts);
      const part = join(folder, `${key}.${randomUUID()}.part`);
      try {
        await writeFile(part, JSON.stringify({ version, key, result }), { flag: 'wx', mode: 0o600 });
        await rename(part, placeOf(key));
      } catch (error) {
        logger.warn({ err: MediaJobError.from(error) }, 'A checkpoint cannot be written; after a crash its chunk is heard again');
        await rm(part, { force: true }).catch((left: unknown) => logger.warn({ err: MediaJobError.from(left) }, 'Part of a checkpoint could not be removed'));
      }
    },
  });
}

function keyOf(facts: ChunkFacts): string {
  return createHash('sha256').update(canonicalJson(facts)).digest('hex');
}
