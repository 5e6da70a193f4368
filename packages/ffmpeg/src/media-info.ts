import type { Ending } from './ending/ending.ts';

/** How far a declared duration can be trusted: `exact` when the container states it, `estimated` when it was guessed from sizes. */
export type DurationConfidence = 'exact' | 'estimated' | 'unknown';

/** One audio stream. */
export interface AudioStream {
  /** Number among the audio streams, from 0. */
  readonly index: number;
  /** Short name of the codec, such as `aac`. */
  readonly codec: string;
  /** Hz. */
  readonly sampleRate: number;
  readonly channels: number;
  /** Such as `stereo`. */
  readonly channelLayout?: string;
  /** Bits a second. */
  readonly bitRate?: number;
  /** As the file tags it, such as `eng`. */
  readonly language?: string;
  /** Whether players take this one unless told otherwise. */
  readonly isDefault: boolean;
  /** Seconds from the start of the file to the first sound of this stream; 0 as a rule. */
  readonly startSeconds: number;
  /** Seconds from the start of the file to the end of this stream: what decoding it should give. */
  readonly durationSeconds?: number;
  readonly durationConfidence: DurationConfidence;
}

/** One video stream. Cover art is none. */
export interface VideoStream {
  readonly codec: string;
  /** Pixels. */
  readonly width?: number;
  readonly height?: number;
}

/** What a media file says of itself. */
export interface MediaInfo {
  /** Short name of the container, such as `mov,mp4,m4a,3gp,3g2,mj2`. */
  readonly format: string;
  /** Seconds of the longest stream. */
  readonly durationSeconds?: number;
  readonly durationConfidence: DurationConfidence;
  /** Size of the file. */
  readonly bytes: number;
  /** Whether the end of the file is there, as far as its structure tells. */
  readonly ending: Ending;
  /** At least one. */
  readonly audio: readonly AudioStream[];
  readonly video: readonly VideoStream[];
  /** What a reader should know, such as a stream that was left out. */
  readonly warnings: readonly string[];
}
