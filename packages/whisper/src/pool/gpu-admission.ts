import { join } from 'node:path';
import { withLock, type Gpu, type GpuMemory } from '@media-jobs/cleanup';
import { MediaJobError, type Clock, type Logger } from '@media-jobs/foundation';
import { Turns } from './turns.ts';

export interface GpuAdmissionOptions {
  readonly read: () => Promise<GpuMemory>;
  /** Folder of the locks that processes of this machine share. */
  readonly lockFolder: string;
  /** Runs at a time on one card, in all processes. */
  readonly runsPerGpu: number;
  /** What stays free on the card, in MiB. */
  readonly reserveMiB: number;
  /** Longest wait for memory of the card. */
  readonly memoryWaitMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Admission {
  readonly uuid: string;
  /** What loading would take; 0 when the engine is loaded. */
  readonly needMiB: number;
  readonly signal: AbortSignal | undefined;
}

const pollMs = 500;
const mebibyte = 1024 * 1024;

/**
 * Memory of the card that a model takes, in MiB. Fits what was published: large-v2 of 3094 MB takes 4127, turbo of 1549 about 2150, small of
 * 466 about 870 (faster-whisper's table for whisper.cpp; files and sizes of whisper.cpp). With beams the key-value cache grows by up to 500.
 */
export function gpuNeedMiB(modelBytes: number, beamSize: number): number {
  return Math.ceil((modelBytes / mebibyte) * 1.25 + 300 + (beamSize > 1 ? 0.16 * (modelBytes / mebibyte) : 0));
}

/** The card to use: the named one, or the one with the most free memory. Undefined where the driver names none. */
export function chooseGpu(gpus: readonly Gpu[], uuid: string | undefined): Gpu | undefined {
  if (uuid !== undefined) return gpus.find((gpu) => gpu.uuid === uuid);
  return gpus.toSorted((one, other) => (other.freeMiB ?? 0) - (one.freeMiB ?? 0))[0];
}

/**
 * Lets runs onto a graphics card: so many at a time in all processes of the machine, in the order of asking within a process, and a new engine
 * only when the card has room for its model.
 */
export class GpuAdmission {
  readonly #options: GpuAdmissionOptions;
  readonly #turns: Turns;

  constructor(options: GpuAdmissionOptions) {
    this.#options = options;
    this.#turns = new Turns(options.runsPerGpu);
  }

  /** Runs `work` with a place on the card. Rejects with `MEMORY_SHORT` when it does not get the memory in time, and when aborted. */
  async enter<Result>(admission: Admission, work: () => Promise<Result>): Promise<Result> {
    using _turn = await this.#turns.take(admission.signal);
    return this.#inPlace(admission, 0, async () => {
      await this.#waitForMemory(admission);
      return work();
    });
  }

  /** Takes the first place that no other process has; when all are taken, waits for the last. */
  async #inPlace<Result>(admission: Admission, place: number, work: () => Promise<Result>): Promise<Result> {
    const { lockFolder, runsPerGpu, clock, logger } = this.#options;
    const path = join(lockFolder, `${admission.uuid}.${place}.lock`);
    const control = { clock, logger, ...(admission.signal === undefined ? {} : { signal: admission.signal }) };
    if (place === runsPerGpu - 1) return withLock(path, { ...control, waitMs: Infinity }, work);
    const outcome = await withLock(path, { ...control, waitMs: 0, onTimeout: 'skip' }, work);
    return outcome.ran ? outcome.result : this.#inPlace(admission, place + 1, work);
  }

  async #waitForMemory({ uuid, needMiB, signal }: Admission): Promise<void> {
    const { read, reserveMiB, memoryWaitMs, clock } = this.#options;
    if (needMiB === 0) return;
    const began = clock.monotonic();
    for (;;) {
      const freeMiB = (await read()).gpus.find((gpu) => gpu.uuid === uuid)?.freeMiB ?? null;
      // A driver that does not tell cannot be asked; the engine will find out.
      if (freeMiB === null || freeMiB >= needMiB + reserveMiB) return;
      if (clock.monotonic() - began >= memoryWaitMs) throw noRoom(uuid, needMiB + reserveMiB, freeMiB);
      await clock.sleep(pollMs, signal);
    }
  }
}

function noRoom(uuid: string, needMiB: number, freeMiB: number): MediaJobError {
  return new MediaJobError('MEMORY_SHORT', {
    message: `Expected ${needMiB} MiB free on card ${uuid} for the model, got ${freeMiB} MiB.`,
    advice: 'Wait until others are done, use a smaller or quantised model, or run on the processor.',
    facts: { uuid, needMiB, freeMiB },
  });
}
