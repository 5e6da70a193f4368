import { availableParallelism } from 'node:os';
import type { Engine } from '@media-jobs/core';
import { MediaJobError, silentLogger, systemClock, type Clock, type Logger } from '@media-jobs/foundation';
import { createAddonEngine, type AddonVariant } from './engines/addon-child.ts';
import type { PullOptions } from './model/models-options.ts';
import type { Models } from './model/models.ts';

/** How a transcriber is made. */
export interface WhisperOptions {
  /** Name of a published model, such as `base.en`, or the path of a ggml model of whisper.cpp. A named one that is absent is downloaded. */
  readonly model: string;
  /** Where named models are kept and come from, and where checksums are remembered. Default: `createModels()`, in `~/.cache/media-jobs/models`. */
  readonly models?: Models;
  /** Whether a named model that is absent may be downloaded; else `MODEL_MISSING`. Default true. */
  readonly download?: boolean;
  /** How far the download of the model is. */
  readonly onModelProgress?: PullOptions['onProgress'];
  /** Ends the making, with the download that it may need. */
  readonly signal?: AbortSignal;
  /** `auto` takes the fastest engine that is here, at present always `addon-child`. Default `auto`. */
  readonly engine?: 'auto' | 'addon-child' | Engine;
  /** How long the engine stays loaded after a run: 0 ends it at once, `Infinity` keeps it until `unload` or disposal. Default 0. */
  readonly keepAliveMs?: number;
  /** Threads of one run. Default: the processors of this machine, 8 at most. */
  readonly threads?: number;
  /** Beams of the search, 1 to 8; 1 is greedy. Default 1. */
  readonly beamSize?: number;
  /** Which build of the addon. Default `default`. */
  readonly variant?: AddonVariant;
  /** Audio seconds that are heard in one second, at the least; the time limit follows from it. Default 0.1. */
  readonly minSpeed?: number;
  /** Longer audio is heard in chunks of at most this, 10 to 3,600 seconds. Default 600. */
  readonly chunkSeconds?: number;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** What holds where an option is not given. `threads` has the processors of the machine as a second bound. */
export const whisperDefaults = Object.freeze({ engine: 'auto', keepAliveMs: 0, threads: 8, beamSize: 1, variant: 'default', minSpeed: 0.1, chunkSeconds: 600, download: true } as const);

export interface ResolvedWhisperOptions {
  readonly model: string;
  readonly engine: Engine;
  readonly keepAliveMs: number;
  readonly threads: number;
  readonly beamSize: number;
  readonly minSpeed: number;
  readonly chunkSeconds: number;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Beams that whisper.cpp has room for (`WHISPER_MAX_DECODERS`). */
export const mostBeams = 8;
const variants: readonly unknown[] = ['default', 'cuda', 'vulkan'] satisfies readonly AddonVariant[];

/** The error of an option that is not what it should be. */
export function invalidOption(name: string, expected: string, got: unknown, advice: string): MediaJobError {
  const shown = typeof got === 'string' ? `'${got}'` : String(got);
  return new MediaJobError('INVALID_OPTION', { message: `Expected \`${name}\` to be ${expected}, got \`${shown}\`.`, advice, facts: { option: name } });
}

/** Throws `INVALID_OPTION` unless `value` is a whole number from `least` to `most`. */
export function checkWhole(name: string, value: unknown, least: number, most: number): void {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
    throw invalidOption(name, `a whole number from ${least} to ${most}`, value, `Leave it out, or give a number from ${least} to ${most}.`);
  }
}

function isEngine(value: unknown): value is Engine {
  return typeof value === 'object' && value !== null && (value as Engine).specVersion === 1 && typeof (value as Engine).open === 'function';
}

function resolveEngine(engine: WhisperOptions['engine'], variant: AddonVariant, clock: Clock): Engine {
  if (engine === 'auto' || engine === 'addon-child') return createAddonEngine({ variant, clock });
  if (isEngine(engine)) return engine;
  throw invalidOption('engine', "'auto', 'addon-child' or an engine of specVersion 1", engine, 'Leave it out to take what is here.');
}

/** Checks the options and fills in the defaults. Throws `INVALID_OPTION`. */
export function resolveOptions(options: WhisperOptions): ResolvedWhisperOptions {
  const {
    model, engine = whisperDefaults.engine, keepAliveMs = whisperDefaults.keepAliveMs, threads = Math.min(availableParallelism(), whisperDefaults.threads),
    beamSize = whisperDefaults.beamSize, variant = whisperDefaults.variant, minSpeed = whisperDefaults.minSpeed,
    chunkSeconds = whisperDefaults.chunkSeconds, logger = silentLogger, clock = systemClock,
  } = options;
  if (typeof model !== 'string' || model === '' || model.includes('\0')) throw invalidOption('model', 'the name or the path of a model', model, 'Give a name such as base.en, or the path of a ggml model of whisper.cpp.');
  if (typeof keepAliveMs !== 'number' || !(keepAliveMs >= 0)) {
    throw invalidOption('keepAliveMs', 'a number of milliseconds from 0, or Infinity', keepAliveMs, 'Give 0 to end the engine after each run.');
  }
  if (typeof minSpeed !== 'number' || !(minSpeed > 0) || minSpeed === Infinity) throw invalidOption('minSpeed', 'a number above 0', minSpeed, 'Give 1 for an engine that hears as fast as people speak.');
  if (!variants.includes(variant)) throw invalidOption('variant', "'default', 'cuda' or 'vulkan'", variant, 'Leave it out to use the processor.');
  checkWhole('threads', threads, 1, 1024);
  checkWhole('beamSize', beamSize, 1, mostBeams);
  checkWhole('chunkSeconds', chunkSeconds, 10, 3600);
  return Object.freeze({ model, engine: resolveEngine(engine, variant, clock), keepAliveMs, threads, beamSize, minSpeed, chunkSeconds, logger, clock });
}
