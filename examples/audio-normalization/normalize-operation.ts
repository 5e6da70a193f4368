// The operation `normalize`: `prepare-speech` under the options of the original service.
import { defineOperation, inputFile, type Operation } from '@media-jobs/core';
import { prepareSpeechOperation, prepareSpeechOutput, type PrepareSpeechOperationOptions } from '@media-jobs/ffmpeg';
import { z } from 'zod';

/** What a job of `normalize` is given. The result is speech, always mono and 16 kHz: whoever asks for something else is told so, not ignored. */
export const normalizeInput = z.strictObject({
  file: inputFile(),
  remove_noise: z.boolean().default(false),
  apply_highpass_filter: z.boolean().default(false),
  convert_to_mono: z.literal(true).default(true),
  set_sample_rate_16k: z.literal(true).default(true),
  isolate_vocals: z.literal(false).default(false),
  waveform: z.boolean().default(true),
});

/** The corner that the original had. */
const highpassHz = 80;

/** Makes the operation. Its files are speech.wav and waveform.png. */
export function normalizeOperation(options: PrepareSpeechOperationOptions): Operation<'normalize', typeof normalizeInput, typeof prepareSpeechOutput> {
  const speech = prepareSpeechOperation(options);
  return defineOperation({
    name: 'normalize',
    version: 1,
    input: normalizeInput,
    output: prepareSpeechOutput,
    limits: speech.limits,
    healthChecks: speech.healthChecks ?? [],
    run: ({ file, remove_noise, apply_highpass_filter, waveform }, attempt) =>
      speech.run(speech.input.parse({ file, waveform, denoise: remove_noise ? 'light' : 'off', highpassHz: apply_highpass_filter ? highpassHz : false }), attempt),
  });
}
