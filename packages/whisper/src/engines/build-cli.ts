import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { withLock } from '@media-jobs/cleanup';
import { MediaJobError, silentLogger, type Logger } from '@media-jobs/foundation';
import { runProgram } from '@media-jobs/process';
import { buildFlags, builtProgram, defaultEngineFolder, type CliFlavour } from './cli-places.ts';
import { versionOf } from './locate-cli.ts';

/** How `whisper-cli` is built. */
export interface BuildWhisperCliOptions {
  /** Where it is kept. Default: `~/.cache/media-jobs/engines`. */
  readonly folder?: string;
  /** `cuda` needs NVIDIA's toolkit. Default `cpu`. */
  readonly flavour?: CliFlavour;
  /** Folder with the sources of whisper.cpp. Default: those in the package `nodejs-whisper`. */
  readonly sources?: string;
  /** Compilers at work at a time. Default: one a processor. */
  readonly jobs?: number;
  /** Builds again where it is there. Default false. */
  readonly force?: boolean;
  /** 0..1, never falling. */
  readonly onProgress?: (ratio: number) => void;
  readonly signal?: AbortSignal;
  readonly logger?: Logger;
}

/** What was built. */
export interface BuiltWhisperCli {
  /** Absolute path of the program. */
  readonly command: string;
  readonly version: string;
  /** False when it was there already. */
  readonly built: boolean;
}

const buildTimeoutMs = 3_600_000;
/** Configuring asks the compiler many small questions; the rest is compiling. */
const configureShare = 0.1;

/**
 * Builds `whisper-cli` from the sources of whisper.cpp, once: processes that ask at the same time wait for the first. About 100 s on two
 * processors. Throws `ENGINE_UNAVAILABLE` where sources, cmake or a compiler are missing, `LOCK_TIMEOUT`, `ABORTED`, `PROGRAM_*`.
 */
export async function buildWhisperCli(options: BuildWhisperCliOptions = {}): Promise<BuiltWhisperCli> {
  const { folder = defaultEngineFolder(), flavour = 'cpu', force = false, signal, logger = silentLogger } = options;
  const target = builtProgram(folder, flavour);
  if (!force && existsSync(target)) return { command: target, version: await versionOf(target, signal), built: false };
  const sources = options.sources ?? sourcesOfPackage();
  return withLock(`${dirname(target)}.lock`, { waitMs: buildTimeoutMs, logger, ...(signal === undefined ? {} : { signal }) }, async (lock) => {
    if (!force && existsSync(target)) return { command: target, version: await versionOf(target, lock.signal), built: false };
    const workshop = `${dirname(target)}.build`;
    // Whoever held the lock before may have been killed at work.
    await rm(workshop, { recursive: true, force: true });
    try {
      const made = await compile({ ...options, flavour, signal: lock.signal, logger }, sources, workshop);
      const version = await versionOf(made, lock.signal);
      await lock.requireHeld();
      await mkdir(dirname(target), { recursive: true });
      await copyFile(made, `${target}.part`);
      await rename(`${target}.part`, target);
      return { command: target, version, built: true };
    } finally {
      await rm(workshop, { recursive: true, force: true });
    }
  });
}

function sourcesOfPackage(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('nodejs-whisper/package.json')), 'cpp', 'whisper.cpp');
  } catch (error) {
    throw new MediaJobError('ENGINE_UNAVAILABLE', {
      message: 'Expected the sources of whisper.cpp in the package nodejs-whisper, but it is not installed.',
      advice: 'Run `npm install nodejs-whisper`; nothing of it is run, only its sources are compiled.',
      cause: error,
    });
  }
}

type Compiling = BuildWhisperCliOptions & { readonly flavour: CliFlavour; readonly signal: AbortSignal; readonly logger: Logger };

async function compile(options: Compiling, sources: string, workshop: string): Promise<string> {
  const { flavour, jobs = availableParallelism(), signal, logger, onProgress } = options;
  let highest = 0;
  const tell = (ratio: number): void => {
    if (ratio <= highest) return;
    highest = ratio;
    onProgress?.(ratio);
  };
  const cmake = async (args: readonly string[], onLine: (line: string) => void): Promise<void> => {
    await runProgram({ command: 'cmake', args, timeoutMs: buildTimeoutMs, signal, logger, onStdoutLine: onLine }).catch((error: unknown) => {
      throw buildError(error);
    });
  };
  await mkdir(workshop, { recursive: true });
  await cmake(['-S', sources, '-B', workshop, ...buildFlags(flavour)], () => tell(Math.min(configureShare, highest + 0.002)));
  await cmake(['--build', workshop, '--target', 'whisper-cli', '--parallel', String(jobs)], (line) => {
    const percent = /^\[\s*(\d+)%\]/.exec(line)?.[1];
    const [, done, all] = /^\[(\d+)\/(\d+)\]/.exec(line) ?? [];
    if (percent !== undefined) tell(configureShare + (1 - configureShare) * (Number(percent) / 100));
    else if (done !== undefined && all !== undefined) tell(configureShare + (1 - configureShare) * (Number(done) / Number(all)));
  });
  tell(1);
  return join(workshop, 'bin', 'whisper-cli');
}

function buildError(thrown: unknown): MediaJobError {
  const error = MediaJobError.from(thrown);
  const advice = 'Install cmake, make and a C++ compiler (Debian: apt-get install cmake make g++; macOS: xcode-select --install and brew install cmake), for CUDA also NVIDIA\'s toolkit.';
  if (error.code === 'PROGRAM_NOT_FOUND') return new MediaJobError('ENGINE_UNAVAILABLE', { message: 'Expected cmake to build whisper-cli with, but it is not there.', advice, cause: error });
  if (error.code === 'PROGRAM_FAILED') return new MediaJobError('ENGINE_UNAVAILABLE', { message: 'whisper-cli could not be built.', advice, facts: error.facts, cause: error });
  return error;
}
