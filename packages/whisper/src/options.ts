import { availableParallelism } from 'node:os';
import type { Engine } from '@media-jobs/core';
import { MediaJobError, silentLogger, systemClock, type Clock, type Logger } from '@media-jobs/foundation';
import type { AddonVariant } from './engines/addon-child.ts';
import type { WhisperCliOptions } from './engines/whisper-cli.ts';
import type { PullOptions } from './model/models-options.ts';
import type { Models } from './model/models.ts';
import type { RecycleLimits } from './pool/recycling.ts';

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
  /** `auto` takes `whisper-cli` where one works here, which is much faster on a processor, and the prebuilt addon elsewhere. Default `auto`. */
  readonly engine?: 'auto' | 'addon-child' | 'whisper-cli' | Engine;
  /** Where `whisper-cli` is, and where it was built. Default: in `PATH`, or in the cache of this user. */
  readonly whisperCli?: Pick<WhisperCliOptions, 'command' | 'engineFolder'>;
  /** How long the engine stays loaded after a run: 0 ends it at once, `Infinity` keeps it until `unload` or disposal. Default 0. */
  readonly keepAliveMs?: number;
  /** Engines at a time; each holds the model. Default 1. */
  readonly lanes?: number;
  /** When a warm engine is ended before its time. It also is when its memory has doubled and grown by 512 MiB, or by 256 MiB on a card. Default: 100 runs, an hour. */
  readonly recycle?: RecycleLimits;
  /** A run whose memory on the card did not come back fails with `RELEASE_UNPROVEN`. Default false. */
  readonly requireRelease?: boolean;
  /** A smaller or quantised model that may be used when memory runs out; the transcript says so. */
  readonly smallerModel?: string;
  /** Which graphics card, and who may use it at a time. Only for engines that use one. */
  readonly gpu?: WhisperGpuOptions;
  /** Has the encoder look at no more than the audio, for audio below 30 s: faster, and other words may be heard. Default false. */
  readonly fitContext?: boolean;
  /** Threads of one run. Default: the processors of this machine, 8 at most. */
  readonly threads?: number;
  /** Beams of the search, 1 to 8; 1 is greedy. Default 1. */
  readonly beamSize?: number;
  /** Which build of the addon. Default `default`. */
  readonly variant?: AddonVariant;
  /** Audio seconds that are heard in one second, at the least; the time limit follows from it. Default 0.1. */
  readonly minSpeed?: number;
  /** Longer audio is heard in chunks of at most this, 3 to 3,600 seconds; each costs a whole window of 30 s, unless `fitContext`. Default 600. */
  readonly chunkSeconds?: number;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** A graphics card, shared with other processes. */
export interface WhisperGpuOptions {
  /** Default: the one with the most free memory. */
  readonly uuid?: string;
  /** The program to ask the driver with. Default: `nvidia-smi`. */
  readonly command?: string;
  /** Stays free on the card. Default 256. */
  readonly reserveMiB?: number;
  /** Runs at a time on one card, in all processes that share `lockFolder`. Default 1. */
  readonly runsPerGpu?: number;
  /** Longest wait for free memory; then the run is made smaller, or fails with `MEMORY_SHORT`. Default 60,000. */
  readonly memoryWaitMs?: number;
  /** Default: a folder of this user in the system's temp folder. */
  readonly lockFolder?: string;
}

const gpuDefaults: Readonly<Record<'reserveMiB' | 'runsPerGpu' | 'memoryWaitMs', number>> = Object.freeze({ reserveMiB: 256, runsPerGpu: 1, memoryWaitMs: 60_000 });

/** What holds where an option is not given. `threads` has the processors of the machine as a second bound. */
export const whisperDefaults = Object.freeze({ engine: 'auto', keepAliveMs: 0, lanes: 1, threads: 8, beamSize: 1, variant: 'default', minSpeed: 0.1, chunkSeconds: 600, download: true } as const);

export interface ResolvedWhisperOptions {
  readonly model: string;
  readonly engine: 'auto' | 'addon-child' | 'whisper-cli' | Engine;
  readonly variant: AddonVariant;
  readonly whisperCli: Pick<WhisperCliOptions, 'command' | 'engineFolder'>;
  readonly keepAliveMs: number;
  readonly lanes: number;
  readonly recycle: RecycleLimits;
  readonly requireRelease: boolean;
  readonly smallerModel: string | undefined;
  readonly gpu: WhisperGpuOptions & typeof gpuDefaults;
  readonly fitContext: boolean;
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

function checkEngine(engine: WhisperOptions['engine']): void {
  if (engine === 'auto' || engine === 'addon-child' || engine === 'whisper-cli' || isEngine(engine)) return;
  throw invalidOption('engine', "'auto', 'addon-child', 'whisper-cli' or an engine of specVersion 1", engine, 'Leave it out to take what is here.');
}

/** Checks the options and fills in the defaults. Throws `INVALID_OPTION`. */
export function resolveOptions(options: WhisperOptions): ResolvedWhisperOptions {
  const {
    model, engine = whisperDefaults.engine, keepAliveMs = whisperDefaults.keepAliveMs, threads = Math.min(availableParallelism(), whisperDefaults.threads),
    beamSize = whisperDefaults.beamSize, variant = whisperDefaults.variant, whisperCli = {}, lanes = whisperDefaults.lanes, recycle = {}, requireRelease = false, smallerModel, gpu = {},
    fitContext = false, minSpeed = whisperDefaults.minSpeed, chunkSeconds = whisperDefaults.chunkSeconds, logger = silentLogger, clock = systemClock,
  } = options;
  if (typeof model !== 'string' || model === '' || model.includes('\0')) throw invalidOption('model', 'the name or the path of a model', model, 'Give a name such as base.en, or the path of a ggml model of whisper.cpp.');
  if (typeof keepAliveMs !== 'number' || !(keepAliveMs >= 0)) {
    throw invalidOption('keepAliveMs', 'a number of milliseconds from 0, or Infinity', keepAliveMs, 'Give 0 to end the engine after each run.');
  }
  if (typeof minSpeed !== 'number' || !(minSpeed > 0) || minSpeed === Infinity) throw invalidOption('minSpeed', 'a number above 0', minSpeed, 'Give 1 for an engine that hears as fast as people speak.');
  if (!variants.includes(variant)) throw invalidOption('variant', "'default', 'cuda' or 'vulkan'", variant, 'Leave it out to use the processor.');
  checkEngine(engine);
  checkWhole('lanes', lanes, 1, 64);
  checkWhole('gpu.runsPerGpu', gpu.runsPerGpu ?? gpuDefaults.runsPerGpu, 1, 64);
  checkWhole('threads', threads, 1, 1024);
  checkWhole('beamSize', beamSize, 1, mostBeams);
  checkWhole('chunkSeconds', chunkSeconds, 3, 3600);
  return Object.freeze({ model, engine, variant, whisperCli, lanes, recycle, requireRelease, smallerModel, gpu: { ...gpuDefaults, ...gpu }, fitContext, keepAliveMs, threads, beamSize, minSpeed, chunkSeconds, logger, clock });
}
