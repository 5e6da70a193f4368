import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { linkOrCopy } from '@media-jobs/cleanup';
import { MediaJobError } from '@media-jobs/foundation';
import type { Attempt } from '../ports/operation.ts';
import type { PipelineStep } from './pipeline-types.ts';
import { runStep } from './run-step.ts';
import { beforeOf, filesOf, type DoneStep } from './step-result.ts';

/** So often a step is done again because its files had expired before the next one took them. */
const maxReturns = 3;

/** Runs the steps one after the other, and takes over the files of the last. Resolves with what each step came to. */
export async function runPipeline(steps: readonly PipelineStep[], input: unknown, attempt: Attempt): Promise<Readonly<Record<string, unknown>>> {
  const done = new Map<string, DoneStep>();
  for (let returns = 0; ; ) {
    try {
      await runFromHere(steps, input, attempt, done);
      return Object.fromEntries(Array.from(done, ([name, { report }]) => [name, report]));
    } catch (thrown) {
      const origin = originOf(thrown, done);
      if (origin === undefined || returns === maxReturns || attempt.signal.aborted) throw thrown;
      returns += 1;
      attempt.log.warn({ err: thrown, step: origin }, 'Files of a step had expired before the next one took them; it is asked for again');
      // Its place in the order stays: what follows it is asked for again as well, and is answered from the cache.
      for (const name of [...done.keys()].slice([...done.keys()].indexOf(origin))) done.delete(name);
    }
  }
}

async function runFromHere(steps: readonly PipelineStep[], input: unknown, attempt: Attempt, done: Map<string, DoneStep>): Promise<void> {
  const total = steps.reduce((sum, { weight }) => sum + weight, 0);
  let behind = 0;
  for (const step of steps) {
    if (!done.has(step.name)) {
      const onProgress = (ratio: number, phase: string): void => attempt.report({ ratio: (behind + ratio * step.weight) / total, phase: `${step.name}: ${phase}` });
      done.set(step.name, await runStep({ step, input: step.input(beforeOf(input, done)), files: filesOf(done), attempt, onProgress }));
    }
    behind += step.weight;
  }
  await takeFiles([...done.values()].at(-1), attempt);
}

/** The pipeline's own names for the files of its last step: they stay as long as it does. */
async function takeFiles(last: DoneStep | undefined, attempt: Attempt): Promise<void> {
  for (const [name, { path, mediaType }] of Object.entries(last?.result.files ?? {})) {
    const target = join(attempt.artifacts.folder, name);
    await mkdir(dirname(target), { recursive: true });
    await rm(target, { force: true });
    await linkOrCopy(path, target, { signal: attempt.signal });
    await attempt.artifacts.add(name, mediaType);
  }
}

/** The step whose file is missing; undefined where the error is about something else. */
function originOf(thrown: unknown, done: ReadonlyMap<string, DoneStep>): string | undefined {
  const error = MediaJobError.from(thrown);
  if (error.code !== 'INPUT_MISSING' && error.code !== 'INPUT_CHANGED') return undefined;
  const path = error.facts['path'];
  return Array.from(done).find(([, { result }]) => Object.values(result.files).some((file) => file.path === path))?.[0];
}
