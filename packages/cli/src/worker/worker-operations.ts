import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Operation } from '@media-jobs/core';
import { createFfmpeg, prepareSpeechOperation } from '@media-jobs/ffmpeg';
import { DisposalStack, MediaJobError, type Logger } from '@media-jobs/foundation';
import { createModels, createWhisper, transcribe } from '@media-jobs/whisper';
import { modelAdvice } from '../model-advice.ts';
import type { Settings } from '../settings.ts';
import { usageError } from '../usage-error.ts';

/** What a worker can do without a module of the user's. */
export const builtInOperations = Object.freeze(['transcribe', 'prepare-speech'] as const);

/** An engine stays loaded for so long after its last job: jobs often come one after the other. */
const keepAliveMs = 60_000;

/** The operations of a worker. Disposal ends what they keep. */
export interface WorkerOperations extends AsyncDisposable {
  readonly operations: readonly Operation[];
}

export interface WorkerOperationsOptions {
  /** Empty: all of the module. */
  readonly names: readonly string[];
  readonly module: string | undefined;
  readonly concurrency: number | undefined;
  readonly settings: Settings;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Makes those that were asked for, with what they need. Throws `INVALID_OPTION` for a name or module that is none, and what the engines throw. */
export async function openOperations(options: WorkerOperationsOptions): Promise<WorkerOperations> {
  const { names, module, concurrency } = options;
  await using kept = new DisposalStack();
  const own = module === undefined ? [] : await operationsOf(module);
  const wanted = names.length === 0 ? own.map(({ name }) => name) : names;
  if (wanted.length === 0) throw usageError('Expected `--operations`, got none.', 'worker');
  const operations: Operation[] = [];
  for (const name of new Set(wanted)) operations.push(own.find((each) => each.name === name) ?? (await builtIn(name, options, kept)));
  const stack = kept.move();
  return {
    operations: operations.map((operation) => (concurrency === undefined ? operation : { ...operation, limits: { ...operation.limits, concurrency } })),
    [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose](),
  };
}

async function builtIn(name: string, { settings, logger, signal }: WorkerOperationsOptions, kept: DisposalStack): Promise<Operation> {
  const ffmpeg = createFfmpeg({ ...settings.ffmpeg, logger });
  if (name === 'prepare-speech') return prepareSpeechOperation({ ffmpeg });
  if (name !== 'transcribe') throw usageError(`Expected \`--operations\` to name ${builtInOperations.join(', ')}, or operations of --module, got ${JSON.stringify(name)}.`, 'worker');
  if (settings.model === undefined) throw new MediaJobError('INVALID_OPTION', { message: 'Expected a model, by `--model` or in MEDIA_JOBS_MODEL, got none.', advice: modelAdvice });
  const whisper = kept.use(await createWhisper({ whisperCli: { engineFolder: settings.engineFolder }, model: settings.model, models: createModels({ folder: settings.modelsFolder, logger }), keepAliveMs, signal, logger }));
  return transcribe({ whisper, speech: ffmpeg });
}

/** What a module of the user's exports. */
async function operationsOf(module: string): Promise<readonly Operation[]> {
  const path = resolve(module);
  const exported = await importModule(path);
  const found = exported['operations'];
  if (!Array.isArray(found) || found.length === 0) throw usageError(`Expected ${JSON.stringify(path)} to export \`operations\`, a list, got \`${typeof found}\`.`, 'worker');
  // What is wrong with one of them is told when the jobs are opened.
  return found as readonly Operation[];
}

async function importModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw usageError(`Expected \`--module\` to name a module, got ${JSON.stringify(path)}: ${error instanceof Error ? error.message : String(error)}`, 'worker', error);
  }
}
