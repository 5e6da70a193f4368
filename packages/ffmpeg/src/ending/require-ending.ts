import { open } from 'node:fs/promises';
import { MediaJobError } from '@media-jobs/foundation';
import type { MediaInfo } from '../media-info.ts';
import type { Cut } from './ending.ts';
import { examineEnding } from './examine-ending.ts';

/** What is asked of a file before it is worked on. */
interface EndedInput {
  readonly path: string;
  readonly info: Pick<MediaInfo, 'ending' | 'durationSeconds' | 'durationConfidence'>;
}

/** Throws `TRUNCATED` when the file is known to be cut off, unless that is accepted. */
export function requireEnding({ path, info }: EndedInput, accept: boolean): void {
  const { ending, durationSeconds, durationConfidence } = info;
  if (ending.state !== 'cut' || accept) return;
  throw truncated(path, ending, undefined, durationConfidence === 'exact' ? durationSeconds : undefined);
}

/** A `TRUNCATED` for `path`. `expectedSeconds` is what the file states. */
export function truncated(path: string, { reason, atByte, expectedBytes }: Cut, cause?: unknown, expectedSeconds?: number): MediaJobError {
  return new MediaJobError('TRUNCATED', {
    message: `Expected ${JSON.stringify(path)} to be a whole file, but ${reason}.`,
    advice: 'Fetch the file again; or set `acceptTruncated: true` to take what is there.',
    facts: { path, reason, atByte, ...(expectedBytes === undefined ? {} : { expectedBytes }), ...(expectedSeconds === undefined ? {} : { expectedSeconds }) },
    cause,
  });
}

/** Where the containers that keep their index at the end, or whose head goes on, show what they are. */
const marks: readonly (readonly [RegExp, string])[] = [
  [/^[^]{4}(?:ftyp|moov|mdat|wide|free|skip|pnot)/, 'mov'],
  [/^.E\u00df\u00a3/s, 'matroska'],
  [/^(?:RIFF|RF64|BW64)[^]{4}WAVE/, 'wav'],
  [/^RIFF[^]{4}AVI /, 'avi'],
  [/^FORM[^]{4}AIF[FC]/, 'aiff'],
  [/^caff/, 'caf'],
  [/^0&\u00b2u/, 'asf'],
  [/^OggS/, 'ogg'],
  [/^fLaC/, 'flac'],
];

/** How a file ends that ffprobe cannot read; undefined unless it is cut off. */
export async function endingOfUnreadable(path: string): Promise<Cut | undefined> {
  await using file = await open(path, 'r');
  const { bytesRead, buffer } = await file.read(Buffer.alloc(12), 0, 12, 0);
  const head = buffer.toString('latin1', 0, bytesRead);
  const format = marks.find(([mark]) => mark.test(head))?.[1];
  const ending = format === undefined ? undefined : await examineEnding(path, format);
  return ending?.state === 'cut' ? ending : undefined;
}
