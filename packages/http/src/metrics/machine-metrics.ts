import { diskSpace, folderSize, gpuMemory, type GpuMemory } from '@media-jobs/cleanup';
import type { AnyMediaJobs } from '@media-jobs/core';
import { systemClock, type Clock } from '@media-jobs/foundation';
import { Gauge, type Registry } from 'prom-client';

/** What costs a look at many files or a question to a driver is not asked again sooner. */
const freshMs = 15_000;

const bytesPerMib = 1_048_576;

export interface MachineMetricsOptions {
  readonly clock?: Clock;
  /** Replaced in tests. */
  readonly gpu?: () => Promise<GpuMemory>;
}

/** Room on the disk, bytes of temp files, memory of graphics cards. What cannot be read is left out. */
export function createMachineMetrics(registry: Registry, { clock = systemClock, gpu = () => gpuMemory({ timeoutMs: 2_000 }) }: MachineMetricsOptions = {}): (jobs: AnyMediaJobs) => Promise<void> {
  const registers = [registry];
  const temp = new Gauge({ name: 'media_jobs_temp_bytes', help: 'Bytes of temp files, uploads under way among them.', registers });
  const disk = new Gauge({ name: 'media_jobs_disk_free_bytes', help: 'Room on the disk of the work folder.', registers });
  const cards = new Gauge({ name: 'media_jobs_gpu_memory_bytes', help: 'Memory of graphics cards, by everybody on the machine.', labelNames: ['gpu', 'kind'], registers });
  let askedAt = -Infinity;
  return async ({ folders }) => {
    const now = clock.monotonic();
    if (now - askedAt < freshMs) return;
    askedAt = now;
    const [size, space, memory] = await Promise.all([folderSize(folders.temp), diskSpace(folders.work), gpu()]);
    temp.set(size.bytes);
    disk.set(space.freeBytes);
    for (const { uuid, usedMiB, freeMiB, totalMiB } of memory.gpus) {
      for (const [kind, amount] of Object.entries({ used: usedMiB, free: freeMiB, total: totalMiB })) if (amount !== null) cards.set({ gpu: uuid, kind }, amount * bytesPerMib);
    }
  };
}
