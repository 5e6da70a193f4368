import { resolve } from 'node:path';
import { FileWriter } from '@media-jobs/cleanup';
import { speechSampleRate } from '../arguments.ts';
import { throwIfAborted } from '../call-controls.ts';
import { decode } from '../decode.ts';
import { openMedia, type MediaContext } from '../media-context.ts';
import { requirePath } from '../option-checks.ts';
import { publishAll, tempFilesFor } from '../output-files.ts';
import { createProgressReporter } from '../progress.ts';
import type { OutputOptions } from '../speech/prepare-options.ts';
import { encodePng, type Picture } from './png.ts';

/** A picture that is gathered while the samples come, in constant memory. */
export interface GrowingPicture {
  /** Takes the next samples, mixed to one channel at 16 kHz. */
  add(samples: Float32Array): void;
  draw(): Picture;
}

/** A picture that was drawn. */
export interface PictureResult {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Seconds of audio that it shows. */
  readonly durationSeconds: number;
  /** What a reader should know. */
  readonly warnings: readonly string[];
}

/** Draws the audio of a file as it is: no filter, no gain. The same errors as `prepareSpeech`. */
export async function drawPictureOf(file: string, pngFile: string, picture: GrowingPicture, options: OutputOptions, context: MediaContext): Promise<PictureResult> {
  requirePath('pngFile', pngFile);
  const { overwrite = false, onProgress } = options;
  const target = resolve(pngFile);
  const progress = createProgressReporter(context.options.clock, onProgress);
  progress.report('probe', 0, undefined);
  const media = await openMedia(file, { ...options, targets: [target], overwrite }, context);
  const temp = tempFilesFor(target, context.options.temp);
  await using part = await temp.file({ near: target, extension: '.png' });
  let samplesSeen = 0;
  const onSamples = (samples: Float32Array): void => {
    picture.add(samples);
    samplesSeen += samples.length;
    progress.report('decode', samplesSeen / speechSampleRate, media.stream.durationSeconds);
  };
  const { path, stream, timeoutMs, maxAllocBytes } = media;
  const decoded = await decode({ path, stream, maxAllocBytes, timeoutMs, channels: 'mix', highpassHz: undefined, onSamples }, media.ffmpeg.path, context, options);
  progress.report('verify', 0, undefined);
  const drawn = picture.draw();
  const bytes = await writePicture(part.path, drawn);
  throwIfAborted(options);
  await publishAll([{ part, target }], overwrite, temp);
  progress.done(decoded.seconds);
  return Object.freeze({ path: target, bytes, width: drawn.width, height: drawn.height, durationSeconds: decoded.seconds, warnings: [...media.info.warnings, ...decoded.warnings] });
}

/** Writes a picture into the file at `path`, which exists. Gives its bytes. Throws `DISK_FULL`, `OUTPUT_UNWRITABLE`. */
export async function writePicture(path: string, picture: Picture): Promise<number> {
  const png = await encodePng(picture);
  const writer = await FileWriter.open(path, 0);
  try {
    await writer.append(png);
    await writer.close();
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  return png.length;
}
