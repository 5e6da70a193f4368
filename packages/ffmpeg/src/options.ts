import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import type { TempFiles } from '@media-jobs/cleanup';
import { silentLogger, systemClock, type Clock, type Logger } from '@media-jobs/foundation';
import { invalidOption, requireNumber, requirePath, requireWhole } from './option-checks.ts';

/** Bounds of every call. */
export interface FfmpegLimits {
  /** Longest time until ffmpeg gives its first sample. */
  readonly openTimeoutMs: number;
  /** Longest time that ffprobe may take. */
  readonly probeTimeoutMs: number;
  /** Longest time without a further sample. */
  readonly stallMs: number;
  /** Bounds of the part of the time limit that grows with the size of the input. */
  readonly minTimeoutMs: number;
  readonly maxTimeoutMs: number;
  /** Time for each MB (1,048,576 bytes) of input. */
  readonly msPerMB: number;
  /** How many seconds of audio are done in a second at least. */
  readonly minSpeed: number;
  /** Longer audio is refused. At most 129,600 (36 hours), because a WAV file holds 4 GiB. */
  readonly maxDurationSeconds: number;
  /** Largest single allocation of ffmpeg and ffprobe; a jump in time may take one and a half of it. Default 128 MiB, which the index of 24 hours of AAC needs. Where a format needs no index ffmpeg gets 32 MiB at most. */
  readonly maxAllocBytes: number;
  /** Larger inputs are refused before a byte is read. Default: none. */
  readonly maxInputBytes?: number;
  /** How many times the predicted output may be written before ffmpeg is stopped, and how much besides. */
  readonly outputFactor: number;
  readonly outputSlackBytes: number;
}

/** Room that must be there on the disk. */
export interface FfmpegDisk {
  /** Stays free beyond the predicted output. */
  readonly reserveBytes: number;
  /** What the predicted output is multiplied with. */
  readonly factor: number;
}

/** Paths of the programs. A path that is given is used or refused, never replaced by another. */
export interface FfmpegBinaries {
  readonly ffmpeg?: string;
  readonly ffprobe?: string;
}

/** The default limits of `createFfmpeg`. */
export const defaultLimits = Object.freeze({
  openTimeoutMs: 15_000,
  probeTimeoutMs: 10_000,
  stallMs: 30_000,
  minTimeoutMs: 60_000,
  maxTimeoutMs: 1_800_000,
  msPerMB: 1_000,
  minSpeed: 1,
  maxDurationSeconds: 86_400,
  maxAllocBytes: 134_217_728,
  outputFactor: 1.5,
  outputSlackBytes: 16_777_216,
} as const) satisfies FfmpegLimits;

/** The default disk bounds of `createFfmpeg`. */
export const defaultDisk = Object.freeze({ reserveBytes: 536_870_912, factor: 1.1 } as const) satisfies FfmpegDisk;

/** Options of `createFfmpeg`; all may be left out. */
export interface FfmpegOptions {
  readonly binaries?: FfmpegBinaries;
  /** Folders in which programs are looked for, as `PATH` lists them. Default: `PATH` at the time of the first call. */
  readonly searchPath?: string;
  /** Where a program is copied to that has no run bit and may not be given one. Default: `~/.cache/media-jobs/bin`. */
  readonly cacheFolder?: string;
  /** Each one that is left out has its value of `defaultLimits`. */
  readonly limits?: Partial<FfmpegLimits>;
  /** Each one that is left out has its value of `defaultDisk`. */
  readonly disk?: Partial<FfmpegDisk>;
  /** Programs of this instance that run at a time, whatever calls they belong to; the others wait for their turn. Default: half the cores, at least one. */
  readonly concurrency?: number;
  /** How far the programs stand back for others, 0 to 19 as `nice` counts. Default 5: a busy service stays responsive. */
  readonly niceness?: number;
  /** Threads of a decoder. Default 2. */
  readonly threads?: number;
  /** Whether files that are cut off are worked on as far as they go, with a warning. Default false: `TRUNCATED`. */
  readonly acceptTruncated?: boolean;
  /** Makes the unfinished files, so that a ledger knows them. Default: beside the target, without a ledger. */
  readonly temp?: TempFiles;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** Options with their defaults, checked and frozen. */
export interface ResolvedFfmpegOptions {
  readonly binaries: FfmpegBinaries;
  readonly searchPath: string | undefined;
  readonly cacheFolder: string;
  readonly limits: FfmpegLimits;
  readonly disk: FfmpegDisk;
  readonly concurrency: number;
  readonly niceness: number;
  readonly threads: number;
  readonly acceptTruncated: boolean;
  readonly temp: TempFiles | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
}

const largestDurationSeconds = 129_600;

/** Copies, completes, checks and freezes the options. Throws `INVALID_OPTION`. */
export function resolveOptions(options: FfmpegOptions = {}): ResolvedFfmpegOptions {
  const { threads = 2, acceptTruncated = false, temp, searchPath, logger = silentLogger, clock = systemClock } = options;
  const { concurrency = Math.max(1, Math.floor(availableParallelism() / 2)), niceness = 5 } = options;
  const { cacheFolder = join(homedir(), '.cache', 'media-jobs', 'bin') } = options;
  const limits = checkedLimits(merged(defaultLimits, options.limits));
  const disk = merged(defaultDisk, options.disk);
  requireWhole('disk.reserveBytes', disk.reserveBytes, 0);
  requireNumber('disk.factor', disk.factor, 1, 100);
  requireWhole('concurrency', concurrency, 1, 1024);
  requireWhole('niceness', niceness, 0, 19);
  requireWhole('threads', threads, 1, 256);
  if (typeof acceptTruncated !== 'boolean') throw invalidOption('acceptTruncated', 'true or false', acceptTruncated);
  requirePath('cacheFolder', cacheFolder);
  const binaries = merged<FfmpegBinaries>({}, options.binaries);
  for (const name of ['ffmpeg', 'ffprobe'] as const) if (binaries[name] !== undefined) requirePath(`binaries.${name}`, binaries[name]);
  return Object.freeze({ binaries, searchPath, cacheFolder, limits, disk, concurrency, niceness, threads, acceptTruncated, temp, logger, clock });
}

/** `defaults` under those fields of `given` that are not undefined. */
function merged<T extends object>(defaults: T, given: Partial<T> | undefined): T {
  const set = Object.entries(given ?? {}).filter(([, value]) => value !== undefined);
  return Object.freeze({ ...defaults, ...(Object.fromEntries(set) as Partial<T>) });
}

function checkedLimits(limits: FfmpegLimits): FfmpegLimits {
  for (const name of ['openTimeoutMs', 'probeTimeoutMs', 'stallMs', 'minTimeoutMs', 'msPerMB'] as const) requireNumber(`limits.${name}`, limits[name], 1);
  requireNumber('limits.maxTimeoutMs', limits.maxTimeoutMs, limits.minTimeoutMs);
  requireNumber('limits.minSpeed', limits.minSpeed, 0.001, 10_000);
  requireNumber('limits.maxDurationSeconds', limits.maxDurationSeconds, 0.1, largestDurationSeconds);
  requireWhole('limits.maxAllocBytes', limits.maxAllocBytes, 1_048_576);
  if (limits.maxInputBytes !== undefined) requireWhole('limits.maxInputBytes', limits.maxInputBytes, 1);
  requireNumber('limits.outputFactor', limits.outputFactor, 1, 100);
  requireWhole('limits.outputSlackBytes', limits.outputSlackBytes, 0);
  return limits;
}
