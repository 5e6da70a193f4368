import { MediaJobError, silentLogger, systemClock, type Clock, type Logger } from '@media-jobs/foundation';
import { ownerId, processesOf } from '@media-jobs/process';
import { defaultReserveBytes, diskRetryAfterMs, diskSpace, type DiskSpace } from './disk-space.ts';
import { gpuMemory, type Gpu, type GpuMemory } from './gpu-memory.ts';
import { memorySpace, type MemorySpace } from './memory-space.ts';
import { checkAmount, checkPath, invalidOption } from './options.ts';

/** From where on a resource is short. `warn` is logged, and for a disk what has expired goes early; at `refuse` no new work is taken. */
export interface GuardThresholds {
  /** Used share of the disk, 0..1. Default 0.85. */
  readonly diskWarnRatio: number;
  /** Default 0.95. On a disk that is this full all that is not in use goes. */
  readonly diskRefuseRatio: number;
  /** Bytes of the disk that stay free whatever its size. Default 512 MiB. */
  readonly diskReserveBytes: number;
  /** Free memory, of the machine or of the container. Default 512 MiB. */
  readonly memoryWarnBytes: number;
  /** Default 128 MiB. */
  readonly memoryRefuseBytes: number;
  /** Free memory of the graphics card that has most, with what this process and its children hold. Default 0: the driver is not asked, since most operations need no card. */
  readonly gpuRefuseMiB: number;
}

/** The defaults of `createGuards`. The shares of the disk are those of the specification; the rest is what a service needs to end in order. */
export const guardDefaults: GuardThresholds & { readonly retryAfterMs: number } = Object.freeze({
  diskWarnRatio: 0.85,
  diskRefuseRatio: 0.95,
  diskReserveBytes: defaultReserveBytes,
  memoryWarnBytes: 512 * 1024 * 1024,
  memoryRefuseBytes: 128 * 1024 * 1024,
  gpuRefuseMiB: 0,
  retryAfterMs: diskRetryAfterMs,
});

/** Where the figures come from; replaced in tests. */
export interface GuardReadings {
  readonly disk: (folder: string) => Promise<DiskSpace>;
  readonly memory: () => Promise<MemorySpace>;
  readonly gpu: () => Promise<GpuMemory>;
}

export interface GuardOptions extends Partial<GuardThresholds> {
  /** The folders whose disks are watched. */
  readonly folders: readonly string[];
  /** What a refusal tells a caller to wait. Default 30,000 ms. */
  readonly retryAfterMs?: number;
  readonly readings?: Partial<GuardReadings>;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

export type GuardLevel = 'ok' | 'warn' | 'refuse';

/** What a disk calls for: nothing, that what has expired goes early, or that all goes that is not in use. */
export type DiskRelief = 'none' | 'expired' | 'unused';

/** How it stands with everything that is watched. */
export interface GuardState {
  /** The worst of all. */
  readonly level: GuardLevel;
  readonly disks: readonly (DiskSpace & { readonly folder: string; readonly level: GuardLevel; readonly relief: DiskRelief })[];
  readonly memory: MemorySpace & { readonly level: GuardLevel };
  /** Null when the driver is not asked. `freeMiB` is that of the card that has most, with what is ours; null where it cannot be read. */
  readonly gpu: { readonly freeMiB: number | null; readonly level: GuardLevel; readonly reason: string | null } | null;
}

/** Watches disk, memory and graphics memory. */
export interface Guards {
  /** Reads everything now. */
  check(): Promise<GuardState>;
  /** Throws `DISK_FULL`, `MEMORY_SHORT` or `GPU_MEMORY_SHORT`, with `retryAfterMs` and the figures, when something is too short for new work. */
  admit(): Promise<void>;
}

/** A figure that is younger than this is not read again for an admission. */
const freshMs = 1_000;

/** Creates guards. Nothing is read before the first is asked for. Throws `INVALID_OPTION`. */
export function createGuards(options: GuardOptions): Guards {
  const guard = resolveGuards(options);
  let last: { readonly state: Promise<GuardState>; readonly at: number } | undefined;
  let told: GuardLevel = 'ok';
  const check = async (): Promise<GuardState> => {
    const state = await readState(guard);
    if (state.level !== told) guard.logger[state.level === 'ok' ? 'info' : 'warn']({ ...state, before: told }, state.level === 'ok' ? 'There is room again' : 'Disk or memory runs short');
    told = state.level;
    return state;
  };
  return Object.freeze({
    check,
    async admit(): Promise<void> {
      const now = guard.clock.monotonic();
      if (last === undefined || now - last.at > freshMs) last = { state: check(), at: now };
      // A driver or disk that does not answer is a fault of its own; a refusal would hide it.
      refuse(await last.state, guard);
    },
  });
}

type ResolvedGuards = GuardThresholds & Required<Pick<GuardOptions, 'folders' | 'retryAfterMs' | 'logger' | 'clock'>> & { readonly readings: GuardReadings };

function resolveGuards({ folders, readings = {}, logger = silentLogger, clock = systemClock, ...given }: GuardOptions): ResolvedGuards {
  for (const folder of folders) checkPath('folders', folder);
  const values = { ...guardDefaults, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
  for (const [name, value] of Object.entries(values)) checkAmount(name, value);
  const { diskWarnRatio, diskRefuseRatio } = values;
  if (diskRefuseRatio > 1) throw invalidOption('diskRefuseRatio', 'a share of at most 1', diskRefuseRatio);
  if (diskWarnRatio > diskRefuseRatio) throw invalidOption('diskWarnRatio', `at most \`diskRefuseRatio\` (${diskRefuseRatio})`, diskWarnRatio);
  return { ...values, folders, logger, clock, readings: { disk: diskSpace, memory: memorySpace, gpu: () => gpuMemory({ clock, logger }), ...readings } };
}

async function readState(guard: ResolvedGuards): Promise<GuardState> {
  const { folders, readings } = guard;
  const [disks, memory, gpu] = await Promise.all([Promise.all(folders.map((folder) => readDisk(guard, folder))), readings.memory(), readGpu(guard)]);
  const state = { disks, memory: { ...memory, level: levelOf(memory.freeBytes, guard.memoryWarnBytes, guard.memoryRefuseBytes) }, gpu };
  const levels = [...disks.map(({ level }) => level), state.memory.level, gpu?.level ?? 'ok'];
  return Object.freeze({ level: levels.includes('refuse') ? 'refuse' : levels.includes('warn') ? 'warn' : 'ok', ...state });
}

async function readDisk({ readings, diskWarnRatio, diskRefuseRatio, diskReserveBytes }: ResolvedGuards, folder: string): Promise<GuardState['disks'][number]> {
  const space = await readings.disk(folder);
  const full = space.usedRatio > diskRefuseRatio || space.freeBytes < diskReserveBytes;
  const relief = space.usedRatio > diskRefuseRatio ? 'unused' : space.usedRatio > diskWarnRatio ? 'expired' : 'none';
  return { ...space, folder, level: full ? 'refuse' : relief === 'none' ? 'ok' : 'warn', relief };
}

/** What this process and its children hold counts as free: a model that is kept warm for the next job must not turn that job away. */
async function readGpu({ readings, gpuRefuseMiB }: ResolvedGuards): Promise<GuardState['gpu']> {
  if (gpuRefuseMiB === 0) return null;
  const { gpus, reason } = await readings.gpu();
  const ours = new Set(gpus.some(({ processes }) => processes.length > 0) ? [process.pid, ...(await processesOf(ownerId()))] : []);
  const free = gpus.map((gpu) => freeOf(gpu, ours)).filter((amount) => amount !== null);
  if (free.length === 0) return { freeMiB: null, level: 'ok', reason };
  const freeMiB = Math.max(...free);
  return { freeMiB, level: freeMiB < gpuRefuseMiB ? 'refuse' : 'ok', reason };
}

function freeOf({ freeMiB, processes }: Gpu, ours: ReadonlySet<number>): number | null {
  if (freeMiB === null) return null;
  return freeMiB + processes.filter(({ pid }) => ours.has(pid)).reduce((sum, { usedMiB }) => sum + (usedMiB ?? 0), 0);
}

function levelOf(free: number, warnBelow: number, refuseBelow: number): GuardLevel {
  return free < refuseBelow ? 'refuse' : free < warnBelow ? 'warn' : 'ok';
}

function refuse({ disks, memory, gpu }: GuardState, { retryAfterMs, diskRefuseRatio, diskReserveBytes, memoryRefuseBytes, gpuRefuseMiB }: ResolvedGuards): void {
  const disk = disks.find(({ level }) => level === 'refuse');
  if (disk !== undefined) {
    throw new MediaJobError('DISK_FULL', {
      message: `Expected the disk of ${JSON.stringify(disk.folder)} to be at most ${percent(diskRefuseRatio)} full with ${mebibytes(diskReserveBytes)} free, got ${percent(disk.usedRatio)} and ${mebibytes(disk.freeBytes)}.`,
      advice: 'Free some space on that disk, or choose a work folder on another one; what is not in use is being removed.',
      facts: { folder: disk.folder, usedRatio: disk.usedRatio, freeBytes: disk.freeBytes, diskRefuseRatio, diskReserveBytes },
      retryAfterMs,
    });
  }
  if (memory.level === 'refuse') {
    throw new MediaJobError('MEMORY_SHORT', {
      message: `Expected at least ${mebibytes(memoryRefuseBytes)} of memory to be free (${memory.limitedBy}), got ${mebibytes(memory.freeBytes)}.`,
      advice: 'Try again when other work has ended, or give the service more memory.',
      facts: { freeBytes: memory.freeBytes, totalBytes: memory.totalBytes, limitedBy: memory.limitedBy, memoryRefuseBytes },
      retryAfterMs,
    });
  }
  if (gpu?.level === 'refuse') {
    throw new MediaJobError('GPU_MEMORY_SHORT', {
      message: `Expected a graphics card with at least ${gpuRefuseMiB} MiB free, got ${gpu.freeMiB} MiB.`,
      advice: 'Try again when others have given their memory back, or lower `gpuRefuseMiB`.',
      facts: { freeMiB: gpu.freeMiB, gpuRefuseMiB },
      retryAfterMs,
    });
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}
