import { stat } from 'node:fs/promises';
import { MediaJobError } from '@media-jobs/foundation';
import type { ProcessControls } from '@media-jobs/process';
import { askProbe } from '../ask-probe.ts';
import type { MediaContext } from '../media-context.ts';
import type { OutputFormat } from './output-formats.ts';

/** A finished part, before it is in its place. */
export interface FinishedPart {
  readonly part: string;
  /** What it will be called, for messages. */
  readonly target: string;
  readonly format: OutputFormat;
  /** Less than this, by more than 1 s and 2 %, is a cut. */
  readonly expectedSeconds: number | undefined;
  /** Seconds that ffmpeg said it wrote. */
  readonly writtenSeconds: number;
}

/** What an output proved to be. */
export interface VerifiedOutput {
  readonly bytes: number;
  /** What its container states; left out where it states none. */
  readonly durationSeconds?: number;
}

/** Looks at what ffmpeg has left, whatever its exit code said. Throws `EMPTY_OUTPUT`, `TRUNCATED`. */
export async function verifyOutput(output: FinishedPart, context: MediaContext, controls: ProcessControls): Promise<VerifiedOutput> {
  const { size: bytes } = await stat(output.part).catch(() => ({ size: 0 }));
  if (bytes === 0) throw emptyOutput(output, 'no byte');
  const { kind } = output.format;
  if (kind === 'picture' || kind === 'raw') return { bytes };
  if (output.writtenSeconds === 0) throw emptyOutput(output, `${bytes} bytes without a sample`);
  const { answer } = await askProbe(output.part, context, controls);
  if (answer === undefined || answer.error !== undefined || (answer.streams ?? []).length === 0) throw emptyOutput(output, `${bytes} bytes that cannot be read back`);
  const durationSeconds = answer.format?.duration;
  requireLong(output, durationSeconds ?? output.writtenSeconds);
  return { bytes, ...(durationSeconds === undefined ? {} : { durationSeconds }) };
}

function emptyOutput({ target }: FinishedPart, got: string): MediaJobError {
  return new MediaJobError('EMPTY_OUTPUT', {
    message: `Expected ffmpeg to write ${JSON.stringify(target)}, got ${got}, although it reported success.`,
    advice: 'Look whether the input holds what the arguments take from it.',
    facts: { path: target },
  });
}

function requireLong({ target, expectedSeconds }: FinishedPart, seconds: number): void {
  if (expectedSeconds === undefined || seconds >= expectedSeconds - Math.max(1, expectedSeconds * 0.02)) return;
  throw new MediaJobError('TRUNCATED', {
    message: `Expected ${JSON.stringify(target)} to last ${expectedSeconds.toFixed(2)} s, got ${seconds.toFixed(2)} s.`,
    advice: 'The input is cut off or damaged; fetch it again.',
    facts: { path: target, expectedSeconds, seconds },
  });
}
