import type { ProcessControls } from '@media-jobs/process';

/** Facts about the input, as its container declares them. */
export interface AudioInfo {
  /** Short name of the container, such as `mov,mp4,m4a,3gp,3g2,mj2`. */
  readonly format: string;
  /** Short name of the audio codec. */
  readonly codec: string;
  /** Hz. */
  readonly sampleRate: number;
  readonly channels: number;
  /** Size of the input file. */
  readonly bytes: number;
}

/** Speech, ready for an engine. */
export interface Speech {
  /**
   * A WAV file of 16 kHz, mono, signed 16-bit PCM. A file, so that long audio is read by byte ranges in constant
   * memory and an engine in another process can open it. It belongs to the caller's folder and is the caller's to delete.
   */
  readonly wavFile: string;
  /** Seconds of audio in `wavFile`. */
  readonly durationSeconds: number;
  readonly audioInfo: AudioInfo;
  /** The picture, when one was asked for. */
  readonly waveformFile?: string;
  /** What a reader should know, such as silence that was left alone. */
  readonly warnings: readonly string[];
}

export interface SpeechSourceOptions extends ProcessControls {
  /** A folder that exists and that the caller deletes; all files are written here. */
  readonly folder: string;
  /** Draw a waveform picture (PNG) beside the audio. */
  readonly waveform?: boolean;
  /** Called when the time limit of the work is known, so that a job can allow as much. */
  readonly onTimeLimit?: (timeoutMs: number) => void;
  /** 0..1, when it can be told. */
  readonly onProgress?: (ratio: number) => void;
}

/** Turns any media file into speech that an engine can read. `createFfmpeg()` is one. */
export interface SpeechSource {
  /**
   * Throws `INPUT_*`, `NO_AUDIO`, `UNSUPPORTED_FORMAT`, `CORRUPT`, `TRUNCATED`, `TIMEOUT`, `STALLED`, `DISK_FULL`, or
   * `ABORTED`; nothing is left in the folder then and no process runs.
   */
  open(file: string, options: SpeechSourceOptions): Promise<Speech>;
}
