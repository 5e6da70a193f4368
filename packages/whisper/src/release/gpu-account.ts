import type { Gpu, GpuMemory } from '@media-jobs/cleanup';
import type { ReleaseReceipt } from '@media-jobs/core';
import { MediaJobError, type Clock, type Timer } from '@media-jobs/foundation';

export interface GpuAccountOptions {
  readonly uuid: string;
  /** Asks the driver; an abort ends the asking. */
  readonly read: (signal?: AbortSignal) => Promise<GpuMemory>;
  readonly clock: Clock;
  /** What others may take in the meantime, in MiB, without the memory counting as not back. */
  readonly toleranceMiB?: number;
}

/** The driver gives memory back a moment after the process is gone. */
const settleMs = 5000;
const pollMs = 100;
const sampleMs = 1000;
/** Growth of a warm engine that counts as a leak; the first run's own is not counted. */
const leakMiB = 256;

type Figures = NonNullable<ReleaseReceipt['gpu']>;

/** What one engine process takes of a graphics card, and whether the card has it back. */
export class GpuAccount {
  readonly #options: Required<GpuAccountOptions>;
  #beforeMiB: number | undefined;
  #peakMiB = 0;
  #latestMiB = 0;
  #baselineMiB: number | undefined;
  #listed = false;

  constructor(options: GpuAccountOptions) {
    this.#options = { toleranceMiB: 64, ...options };
  }

  get uuid(): string {
    return this.#options.uuid;
  }

  /** Before the process is there. */
  async begin(): Promise<void> {
    this.#beforeMiB = (await this.#card())?.usedMiB ?? undefined;
    this.#latestMiB = this.#peakMiB = this.#beforeMiB ?? 0;
    this.#baselineMiB = undefined;
    this.#listed = false;
  }

  /** Looks now and then until it is disposed of; a look that is then under way is broken off. */
  watch(pid: () => number | null): AsyncDisposable {
    const leaving = new AbortController();
    let looking = Promise.resolve();
    const look = async (): Promise<void> => {
      try {
        await this.look(pid(), leaving.signal);
      } catch (error) {
        if (!leaving.signal.aborted) throw error;
      }
      if (!leaving.signal.aborted) timer = plan();
    };
    const plan = (): Timer => this.#options.clock.after(sampleMs, () => void (looking = look()));
    let timer = plan();
    return {
      [Symbol.asyncDispose]: async () => {
        leaving.abort();
        timer.cancel();
        await looking;
      },
    };
  }

  /** One look, while the process is there. */
  async look(pid: number | null, signal?: AbortSignal): Promise<void> {
    const card = await this.#card(signal);
    this.#latestMiB = card?.usedMiB ?? this.#latestMiB;
    this.#peakMiB = Math.max(this.#peakMiB, this.#latestMiB);
    if (pid !== null && card?.processes.some((holder) => holder.pid === pid) === true) this.#listed = true;
  }

  /** Whether a warm engine holds much more than after its first run. */
  grew(): boolean {
    this.#baselineMiB ??= this.#latestMiB;
    return this.#latestMiB > this.#baselineMiB + leakMiB;
  }

  /** Null where the driver does not tell. */
  figures(): Figures | null {
    if (this.#beforeMiB === undefined) return null;
    return Object.freeze({ uuid: this.uuid, beforeMiB: this.#beforeMiB, peakMiB: this.#peakMiB, afterMiB: this.#latestMiB });
  }

  /** Adds what the driver says to the receipt of a process that is gone; waits a moment for the memory to come back. */
  async settle(receipt: ReleaseReceipt): Promise<ReleaseReceipt> {
    const { clock, toleranceMiB } = this.#options;
    const began = clock.monotonic();
    for (;;) {
      const card = await this.#card();
      this.#latestMiB = card?.usedMiB ?? this.#latestMiB;
      const gpu = this.figures();
      if (gpu === null) return receipt;
      const absent = this.#listed && card?.processes.some((holder) => holder.pid === receipt.pid) === false;
      if (gpu.afterMiB <= gpu.beforeMiB + toleranceMiB) return Object.freeze({ ...receipt, gpu, proof: absent ? 'absent-from-driver' : 'memory-back' });
      if (clock.monotonic() - began >= settleMs) return Object.freeze({ ...receipt, gpu, proof: absent ? 'absent-from-driver' : 'process-gone' });
      await clock.sleep(pollMs);
    }
  }

  async #card(signal?: AbortSignal): Promise<Gpu | undefined> {
    const { read, uuid } = this.#options;
    return (await read(signal)).gpus.find((gpu) => gpu.uuid === uuid);
  }
}

/** Throws `RELEASE_UNPROVEN` when the card did not get its memory back, as far as anybody can tell. */
export function requireProof(receipt: ReleaseReceipt | null): void {
  if (receipt === null || receipt.gpu === null || receipt.proof !== 'process-gone') return;
  const { beforeMiB, afterMiB, uuid } = receipt.gpu;
  throw new MediaJobError('RELEASE_UNPROVEN', {
    message: `Expected the memory of card ${uuid} to be back at ${beforeMiB} MiB, got ${afterMiB} MiB, with the engine process ${receipt.pid} gone.`,
    advice: 'Look with nvidia-smi who holds it; another program may have started meanwhile.',
    facts: { release: receipt },
  });
}
