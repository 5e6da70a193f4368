import { createMemoryStore, type AnyMediaJobs, type JobStore } from '@media-jobs/core';
import type { FakeClock } from '@media-jobs/core/testing';
import { openBench } from '../../run/testing/bench.ts';
import { letterPipeline, letterSteps, type Interference } from './letter-steps.ts';

export interface AnyBench {
  readonly store: JobStore;
  readonly jobs: AnyMediaJobs;
}

/** Media jobs that know the steps and two pipelines of them. `between` is called with what a step of the first is about to hand on. */
export function openLetters(interference: Interference = {}, between?: (path: string, jobId: string) => void) {
  const steps = letterSteps(interference);
  const operations = [steps.fetch, steps.upper, steps.count, letterPipeline('letters', steps, between), letterPipeline('more-letters', steps)] as const;
  return openBench({ operations, realTime: true }).then((bench) => ({ ...bench, calls: steps.calls, [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose]() }));
}

/** A store that outlives its media jobs, as one on disk does. */
export function lastingStore(clock: FakeClock): JobStore {
  const store = createMemoryStore({ clock });
  const own: Partial<Record<string | symbol, unknown>> = { [Symbol.asyncDispose]: () => Promise.resolve(), capabilities: { ...store.capabilities, durable: true } };
  return new Proxy(store, { get: (target, name) => own[name] ?? (Reflect.get(target, name) as unknown) });
}

/** By operation. */
export const statesOf = async ({ store }: AnyBench): Promise<Record<string, string>> => Object.fromEntries((await store.list({}, { limit: 100 })).jobs.map(({ operation, state }) => [operation, state]));
