import { readdirSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Ffmpeg } from '@media-jobs/ffmpeg';
import { errorCodes, MediaJobError } from '@media-jobs/foundation';
import type { ProcessUsage } from '@media-jobs/process';

/** How one file ended. */
export interface Outcome {
  /** `ok`, or the code of the error. */
  readonly code: string;
  /** Seconds of sound that came out of it. */
  readonly seconds: number;
  readonly elapsedMs: number;
  readonly peakRssBytes: number;
  /** What was promised and not kept. */
  readonly faults: readonly string[];
}

/** Bytes that no child may have in memory. */
export const memoryLimit = 300 * 1024 * 1024;
/** Looking at the file before, ending a program, and tidying up after it, on a machine that is busy with other things. */
const overheadMs = 60_000;
const outputBytesPerSecond = 32_000;
/** These would mean that nobody knew what happened. */
const tooVague = new Set(['UNKNOWN', 'PROGRAM_FAILED', 'INVALID_OPTION', 'PROGRAM_UNFIT', 'DISK_FULL']);

/** Prepares speech from a file, whatever it is, and checks everything that is promised for any file. */
export async function tryFile(ffmpeg: Ffmpeg, file: string, output: string, maxSeconds: number): Promise<Outcome> {
  const began = performance.now();
  const usages: ProcessUsage[] = [];
  let limitMs = 0;
  const call = ffmpeg.prepareSpeech(file, output, { onUsage: (usage) => void usages.push(usage), onTimeLimit: (timeoutMs) => void (limitMs = timeoutMs) });
  const ended = await call.then(
    ({ durationSeconds, bytes }) => ({ code: 'ok', seconds: durationSeconds, bytes }),
    (error: unknown) => ({ code: MediaJobError.isInstance(error) ? error.code : `not typed: ${String(error)}`, seconds: 0, bytes: 0 }),
  );
  const elapsedMs = performance.now() - began;
  const peakRssBytes = Math.max(0, ...usages.map((usage) => usage.peakRssBytes));
  const faults = [
    ...(ended.code === 'ok' || ended.code in errorCodes ? [] : [ended.code]),
    ...(tooVague.has(ended.code) ? [`${ended.code} says nothing of the file`] : []),
    ...(elapsedMs > limitMs + overheadMs ? [`took ${Math.round(elapsedMs)} ms`] : []),
    ...(peakRssBytes > memoryLimit ? [`needed ${peakRssBytes} bytes of memory`] : []),
    ...outputFaults(output, ended, maxSeconds),
  ];
  rmSync(output, { force: true });
  return { code: ended.code, seconds: ended.seconds, elapsedMs, peakRssBytes, faults };
}

function outputFaults(output: string, { code, seconds, bytes }: { readonly code: string; readonly seconds: number; readonly bytes: number }, maxSeconds: number): readonly string[] {
  const size = statSync(output, { throwIfNoEntry: false })?.size;
  const parts = readdirSync(dirname(output)).filter((name) => name.startsWith('.'));
  return [
    ...(code === 'ok' && (size !== bytes || seconds <= 0) ? [`reported ${bytes} bytes and left ${size}`] : []),
    ...(code !== 'ok' && size !== undefined ? ['left an output although it failed'] : []),
    ...(size !== undefined && size > maxSeconds * outputBytesPerSecond + 44 ? [`wrote ${size} bytes`] : []),
    ...parts.map((name) => `left the part ${name}`),
  ];
}
