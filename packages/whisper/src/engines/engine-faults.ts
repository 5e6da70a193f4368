import { MediaJobError, type MediaJobErrorCode } from '@media-jobs/foundation';
import type { ProgramExit } from '@media-jobs/process';
import type { AddonAnswer } from './addon-messages.ts';
import { addonPackage } from './addon-module.ts';

type Failed = Extract<AddonAnswer, { type: 'failed' }>;

/** How much of the engine's log an error carries. */
const maxLogCharacters = 4096;

/** What engines print when memory runs out, on the processor or on a graphics card. */
const outOfMemory = /out of memory|failed to allocate|OutOfDeviceMemory|kv_cache_init\(\) failed|bad_alloc/i;

/** What to do when the addon is not there. */
export const installAdvice = `Install the engine: npm install ${addonPackage}`;

const tail = (log: string): string => log.trimEnd().slice(-maxLogCharacters);

function memoryShort(facts: Readonly<Record<string, unknown>>): MediaJobError {
  return new MediaJobError('MEMORY_SHORT', {
    message: 'The engine ran out of memory.',
    advice: 'Use a smaller or quantised model, or run fewer transcriptions at a time.',
    facts,
  });
}

const refusals: Readonly<Record<Failed['reason'], readonly [code: MediaJobErrorCode, message: string, advice: string]>> = {
  'addon-missing': ['ENGINE_UNAVAILABLE', `Expected the package ${addonPackage}, but it could not be loaded`, installAdvice],
  'variant-missing': ['ENGINE_UNAVAILABLE', 'Expected the variant of the engine that was asked for, but it could not be loaded', 'Install the driver libraries that it needs (CUDA 12 runtime, Vulkan loader), or use variant: \'default\'.'],
  'model-refused': ['MODEL_INVALID', 'The engine refused the model', 'Download the model again; a ggml model of whisper.cpp fits.'],
  'input-changed': ['INPUT_CHANGED', 'The audio changed while it was read', 'Give a file that nobody writes to.'],
  'engine-failed': ['ENGINE_FAILED', 'The engine reported an error', 'Try again; when it comes back, look into the log in the facts of this error.'],
  'bad-request': ['ENGINE_FAILED', 'The engine process refused a message', 'Make sure that both sides are of the same version of @media-jobs/whisper.'],
};

/** The error of an answer by which the child refused. */
export function refusalError({ reason, detail }: Failed, log: string): MediaJobError {
  const facts = { detail, log: tail(log) };
  if (outOfMemory.test(detail) || (reason !== 'addon-missing' && outOfMemory.test(tail(log)))) return memoryShort(facts);
  const [code, message, advice] = refusals[reason];
  return new MediaJobError(code, { message: `${message}: ${detail}`, advice, facts });
}

/** The error of a child that ended while it was needed. */
export function exitError({ exitCode, signal, stderrTail }: Pick<ProgramExit, 'exitCode' | 'signal' | 'stderrTail'>, doing: string): MediaJobError {
  const facts = { exitCode, signal, log: tail(stderrTail) };
  const how = signal === null ? `with exit code ${exitCode}` : `by ${signal}`;
  if (outOfMemory.test(facts.log)) return memoryShort(facts);
  if (signal === 'SIGILL') {
    return new MediaJobError('PROGRAM_UNFIT', { message: `The engine does not fit this processor: it ended ${how} while ${doing}.`, advice: 'Use an engine that is built for this processor.', facts });
  }
  if (signal === 'SIGKILL' || signal === 'SIGTERM') {
    return new MediaJobError('PROGRAM_KILLED', { message: `The engine was killed from outside (${signal}) while ${doing}.`, advice: 'Memory may have run out: look into the log of the system, and use a smaller model.', facts });
  }
  return new MediaJobError(signal === null ? 'ENGINE_FAILED' : 'PROGRAM_CRASHED', {
    message: `The engine ended ${how} while ${doing}.`,
    advice: 'Try again; when it comes back, the model may not fit the engine, or the engine this processor.',
    facts,
  });
}

/** The error of something on the channel that is no answer. */
export function garbageError(message: unknown): MediaJobError {
  return new MediaJobError('ENGINE_FAILED', {
    message: 'Expected an answer of the engine process, got something else.',
    advice: 'Make sure that both sides are of the same version of @media-jobs/whisper.',
    facts: { received: (JSON.stringify(message) ?? 'undefined').slice(0, 500) },
  });
}
