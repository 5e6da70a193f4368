// The pipeline `process`: each step is a job of its own here and in its service, so that what is done is never done again.
import { remoteOperation, type ServiceClient } from '@media-jobs/client';
import { definePipeline, type Operation } from '@media-jobs/core';
import { downloadInput, downloadOutput } from '@media-jobs/download';
import { prepareSpeechOutput } from '@media-jobs/ffmpeg';
import { transcribeInput, transcribeOutput } from '@media-jobs/whisper';
import { z } from 'zod';
import { normalizeInput } from '../audio-normalization/normalize-operation.ts';

export interface ProcessServices {
  readonly downloader: ServiceClient;
  readonly normalizer: ServiceClient;
  readonly transcriber: ServiceClient;
}

/** What a job of `process` is given. Nothing has a default that stands for somebody's video. */
const processInput = z.strictObject({
  url: downloadInput.shape.url,
  /** Of a video page; sound is enough for words. */
  quality: downloadInput.shape.quality.unwrap().default('audio'),
  /** Off unless asked for: Whisper was trained on noise, and hears worse what was cleaned of it. */
  remove_noise: z.boolean().default(false),
  apply_highpass_filter: z.boolean().default(true),
  language: transcribeInput.shape.language,
  translate: transcribeInput.shape.translate,
});

/** The pipeline, and the three operations that it is made of. */
export function processOperations({ downloader, normalizer, transcriber }: ProcessServices): readonly Operation[] {
  const download = remoteOperation({ name: 'download', version: 1, input: downloadInput, output: downloadOutput, service: downloader });
  const normalize = remoteOperation({ name: 'normalize', version: 1, input: normalizeInput, output: prepareSpeechOutput, service: normalizer });
  const transcribe = remoteOperation({ name: 'transcribe', version: 2, input: transcribeInput, output: transcribeOutput, service: transcriber });
  const pipeline = definePipeline({ name: 'process', version: 1, input: processInput })
    .step('download', download, ({ input }) => ({ url: input.url, quality: input.quality }))
    .step('normalization', normalize, ({ input, download: video }) => ({ file: video.file(), remove_noise: input.remove_noise, apply_highpass_filter: input.apply_highpass_filter, waveform: false }))
    .step('transcription', transcribe, ({ input, normalization }) => ({ file: normalization.file('speech.wav'), language: input.language, translate: input.translate }), { weight: 4 })
    .build();
  return [pipeline, download, normalize, transcribe];
}
