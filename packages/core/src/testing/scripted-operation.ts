import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MediaJobError, type MediaJobErrorCode } from '@media-jobs/foundation';
import { z } from 'zod';
import type { Attempt, Operation, OperationLimits } from '../ports/operation.ts';

/** One thing that a scripted attempt does. */
export type ScriptStep =
  /** Ends the attempt with this output; default `null`. */
  | { readonly do: 'succeed'; readonly output?: unknown }
  /** Ends the attempt with a `MediaJobError` of this code. */
  | { readonly do: 'fail'; readonly code: MediaJobErrorCode; readonly message?: string; readonly retryAfterMs?: number }
  /** Ends the attempt with this value thrown, whatever it is. */
  | { readonly do: 'throw'; readonly error: unknown }
  /** Waits for `attempt.signal`, then rejects with its reason. */
  | { readonly do: 'hang' }
  /** Does not listen to `attempt.signal`: waits for `attempt.kill`, then rejects with its reason. */
  | { readonly do: 'hang-until-killed' }
  | { readonly do: 'report'; readonly ratio: number; readonly phase: string }
  /** Writes a file into the folder of artifacts and adds it. */
  | { readonly do: 'write'; readonly name: string; readonly content: string; readonly mediaType?: string }
  | { readonly do: 'log'; readonly message: string }
  /** Goes on when the promise has settled. */
  | { readonly do: 'wait'; readonly for: Promise<unknown> };

/** The steps of one attempt. One that does not say how it ends succeeds. */
export type AttemptScript = readonly ScriptStep[];

/** What a test may know of one attempt that began. */
export interface ScriptedCall {
  readonly input: Readonly<Record<string, unknown>>;
  readonly attempt: Attempt;
  /** Settles with how it ended; never rejects. */
  readonly ended: Promise<'succeeded' | { readonly thrown: unknown }>;
}

const anyInput = () => z.looseObject({});

type AnyInput = ReturnType<typeof anyInput>;

/** An operation whose attempts follow a script, with what became of them. */
export interface ScriptedOperation<Name extends string> extends Operation<Name, AnyInput, z.ZodUnknown> {
  /** Attempts that began, in order. */
  readonly calls: readonly ScriptedCall[];
  /** Resolves with the call of this number, counted from 1, as soon as it begins. */
  started(number: number): Promise<ScriptedCall>;
}

export interface ScriptedOperationOptions<Name extends string> {
  readonly name: Name;
  /** The attempts in the order in which they begin; the last repeats. Default: one that succeeds. */
  readonly script?: readonly AttemptScript[];
  readonly version?: number;
  /** Over the defaults: 60 s soft, 90 s hard. */
  readonly limits?: Partial<OperationLimits>;
}

/** Makes an operation that takes any input and does what the script says. */
export function scriptedOperation<const Name extends string>({ name, script = [[]], version = 1, limits = {} }: ScriptedOperationOptions<Name>): ScriptedOperation<Name> {
  const calls: ScriptedCall[] = [];
  const awaited = new Map<number, PromiseWithResolvers<ScriptedCall>>();
  const gate = (number: number): PromiseWithResolvers<ScriptedCall> => {
    const found = awaited.get(number) ?? Promise.withResolvers<ScriptedCall>();
    awaited.set(number, found);
    return found;
  };
  return {
    name, version, input: anyInput(), output: z.unknown(), limits: { softTimeoutMs: 60_000, hardTimeoutMs: 90_000, ...limits }, calls,
    started: (number) => gate(number).promise,
    run: (input, attempt) => {
      const steps = script[Math.min(calls.length, script.length - 1)] ?? [];
      const work = perform(steps, attempt);
      const ended = work.then(() => 'succeeded' as const, (thrown: unknown) => ({ thrown }));
      const call: ScriptedCall = { input, attempt, ended };
      gate(calls.push(call)).resolve(call);
      return work;
    },
  };
}

async function perform(steps: AttemptScript, attempt: Attempt): Promise<unknown> {
  for (const step of steps) {
    if (step.do === 'succeed') return step.output ?? null;
    await performStep(step, attempt);
  }
  return null;
}

async function performStep(step: Exclude<ScriptStep, { readonly do: 'succeed' }>, attempt: Attempt): Promise<void> {
  switch (step.do) {
    case 'fail':
      throw new MediaJobError(step.code, { message: step.message ?? 'The script says so.', ...(step.retryAfterMs === undefined ? {} : { retryAfterMs: step.retryAfterMs }) });
    case 'throw':
      throw step.error;
    case 'hang':
      return await rejectWhenAborted(attempt.signal);
    case 'hang-until-killed':
      return await rejectWhenAborted(attempt.kill);
    case 'report':
      return attempt.report({ ratio: step.ratio, phase: step.phase });
    case 'log':
      return attempt.log.info({}, step.message);
    case 'wait':
      return void (await step.for);
    case 'write':
      await writeFile(join(attempt.artifacts.folder, step.name), step.content);
      return await attempt.artifacts.add(step.name, step.mediaType);
  }
}

function rejectWhenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
