import { createHash } from 'node:crypto';
import { copyFile, open, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { defineOperation, inputFile, type Attempt, type Operation } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import { runProgram } from '@media-jobs/process';
import { z } from 'zod';
import { nowUs, type WorkerEvent } from '../messages.ts';
import type { Halt } from './halt.ts';

const input = z.object({ file: inputFile() });
const output = z.object({ sha256: z.string() });

/** The one artifact: the digest of the input, and the claim that wrote it. */
export const digestFile = 'digest.txt';
export const digestText = (sha256: string, token: string): string => `${sha256}\n${token}\n`;

export type DigestOperation = Operation<'digest', typeof input, typeof output>;

/** An operation that reads its file, reports progress, writes an output by way of a temp file, and halts where it is told. */
export function createDigestOperation(halt: Halt, tell: (event: WorkerEvent) => void): DigestOperation {
  return defineOperation({
    name: 'digest', version: 1, input, output,
    limits: { softTimeoutMs: 120_000, hardTimeoutMs: 150_000, concurrency: 2, maxWaiting: 1_000 },
    run: async ({ file }, attempt) => {
      const token = basename(attempt.artifacts.folder);
      const of = { id: attempt.jobId, token };
      tell({ event: 'begun', ...of, atUs: nowUs() });
      try {
        const sha256 = await besideProgram(attempt, () => work(file, token, attempt, halt));
        tell({ event: 'ended', ...of, atUs: nowUs(), how: 'returned' });
        return { sha256 };
      } catch (error) {
        tell({ event: 'ended', ...of, atUs: nowUs(), how: MediaJobError.from(error).code });
        throw error;
      }
    },
  });
}

/** A program of the attempt's runs all the while, so that whoever kills the worker leaves a child behind. */
async function besideProgram<Result>({ controls }: Attempt, act: () => Promise<Result>): Promise<Result> {
  const done = new AbortController();
  const kill = AbortSignal.any([done.signal, ...(controls.kill === undefined ? [] : [controls.kill])]);
  const program = Promise.allSettled([runProgram({ command: 'sleep', args: ['600'], ...controls, kill })]);
  try {
    return await act();
  } finally {
    done.abort();
    await program;
  }
}

async function work(file: string, token: string, attempt: Attempt, halt: Halt): Promise<string> {
  const { artifacts, signal } = attempt;
  await using handle = await open(file);
  await halt.at('input-opened', signal);
  const sha256 = createHash('sha256').update(await handle.readFile()).digest('hex');
  for (const [index, step] of (['progress-1', 'progress-2', 'progress-3'] as const).entries()) {
    attempt.report({ ratio: (index + 1) / 4, phase: step });
    await halt.at(step, signal);
    signal.throwIfAborted();
  }
  const draft = join(attempt.tempFolder, 'draft');
  await writeFile(draft, digestText(sha256, token));
  await halt.at('draft-written', signal);
  await copyFile(draft, join(artifacts.folder, digestFile));
  await halt.at('output-written', signal);
  signal.throwIfAborted();
  await artifacts.add(digestFile, 'text/plain');
  return sha256;
}
