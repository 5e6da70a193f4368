import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { diskSpace } from '@media-jobs/cleanup';
import { MediaJobError, type Clock, type Timer } from '@media-jobs/foundation';

/** A file that is being written. */
export interface WatchedOutput {
  readonly part: string;
  /** What it will be called, for messages. */
  readonly target: string;
  readonly maxBytes: number;
}

/** Looks after files that ffmpeg writes. */
export interface OutputWatch extends Disposable {
  /** Aborts, with the error, when an output grows too large or the disk too full. */
  readonly signal: AbortSignal;
  /** Bytes of all outputs together: grows while there is progress. */
  bytes(): Promise<number>;
  /** Throws `OUTPUT_LIMIT` when a file is too large now. */
  check(): Promise<void>;
}

/** Often enough to stop a fast disk before its reserve is used up, seldom enough to cost nothing. */
const everyMs = 500;

/** Watches until it is disposed of. `reserveBytes` stay free on the disks of the outputs. */
export function watchOutputs(outputs: readonly WatchedOutput[], reserveBytes: number, clock: Clock): OutputWatch {
  const controller = new AbortController();
  const folders = [...new Set(outputs.map(({ part }) => dirname(part)))];
  let timer: Timer | undefined;
  let ended = false;
  const check = async (): Promise<void> => {
    for (const output of outputs) requireSize(output, await sizeOf(output.part));
  };
  const look = async (): Promise<void> => {
    await check();
    for (const folder of folders) await requireFree(folder, reserveBytes);
    if (!ended) plan();
  };
  const plan = (): void => {
    timer = clock.after(everyMs, () => void look().catch((error: unknown) => controller.abort(MediaJobError.from(error))));
  };
  plan();
  return {
    signal: controller.signal,
    check,
    bytes: async () => (await Promise.all(outputs.map(({ part }) => sizeOf(part)))).reduce((sum, size) => sum + size, 0),
    [Symbol.dispose]() {
      ended = true;
      timer?.cancel();
    },
  };
}

/** What somebody has removed has no bytes; that is told when the work is done. */
async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => ({ size: 0 }))).size;
}

function requireSize({ target, maxBytes }: WatchedOutput, bytes: number): void {
  if (bytes <= maxBytes) return;
  throw new MediaJobError('OUTPUT_LIMIT', {
    message: `Expected ${JSON.stringify(target)} to become at most ${maxBytes} bytes, got ${bytes} and more.`,
    advice: 'Look whether the input gives more than it declares; if that much is meant, raise `maxBytes`.',
    facts: { path: target, maxBytes, bytes },
  });
}

async function requireFree(folder: string, reserveBytes: number): Promise<void> {
  const { freeBytes } = await diskSpace(folder);
  if (freeBytes >= reserveBytes) return;
  throw new MediaJobError('DISK_FULL', {
    message: `Expected ${reserveBytes} bytes to stay free on the disk of ${JSON.stringify(folder)} while writing, got ${freeBytes}.`,
    advice: 'Free some space on that disk, or choose a folder on another one.',
    facts: { folder, reserveBytes, freeBytes },
  });
}
