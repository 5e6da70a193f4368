import type { MediaJobErrorCode } from '@media-jobs/foundation';
import type { MediaInfo } from '../media-info.ts';

/** One thing that is broken in a file. */
export interface ValidationFault {
  /** What a call that stops at this would throw. */
  readonly code: Extract<MediaJobErrorCode, 'TRUNCATED' | 'CORRUPT' | 'EMPTY_OUTPUT'>;
  /** As a sentence. */
  readonly message: string;
  /** Number of the audio stream, where it is about one. */
  readonly stream?: number;
  /** Seconds from the start of the file, where the place is known. */
  readonly atSeconds?: number;
}

/** A place where the timestamps do not go on where the sound before it ended. */
export interface TimeJump {
  readonly atSeconds: number;
  /** Above 0: so much is missing. Below 0: time goes back. */
  readonly seconds: number;
}

/** What decoding one audio stream gave. */
export interface ValidatedStream {
  /** Number among the audio streams, from 0. */
  readonly index: number;
  readonly codec: string;
  /** Seconds of sound that came out. */
  readonly decodedSeconds: number;
  /** Seconds from the start of the file to the end of the last sound. */
  readonly endSeconds: number;
  /** What the file states for this end, where it does so exactly. */
  readonly declaredSeconds?: number;
  /** Seconds that the timestamps leave out between the first sound and the last. */
  readonly missingSeconds: number;
  /** The first hundred. */
  readonly jumps: readonly TimeJump[];
}

/** What was found out about a file. */
export interface ValidationReport {
  /** Whether there is no fault. */
  readonly ok: boolean;
  readonly info: MediaInfo;
  /** One for each audio stream that was decoded. */
  readonly streams: readonly ValidatedStream[];
  readonly faults: readonly ValidationFault[];
  /** What a reader should know although it is no fault, as sentences. */
  readonly warnings: readonly string[];
  /** What this file gives no way to find out, as sentences. */
  readonly untold: readonly string[];
}
