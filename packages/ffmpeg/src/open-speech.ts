import { join } from 'node:path';
import type { Speech, SpeechSourceOptions } from '@media-jobs/core';
import type { MediaContext } from './media-context.ts';
import { requirePath } from './option-checks.ts';
import { prepareSpeech } from './speech/prepare-speech.ts';

/** Implements the port `SpeechSource` of `@media-jobs/core`: speech and picture go into the caller's folder, over what is there. */
export async function openSpeech(file: string, options: SpeechSourceOptions, context: MediaContext): Promise<Speech> {
  const { folder, waveform = false, onProgress, ...controls } = options;
  requirePath('folder', folder);
  const prepared = await prepareSpeech(
    file,
    join(folder, 'speech.wav'),
    {
      ...controls,
      overwrite: true,
      ...(waveform ? { waveform: { file: join(folder, 'waveform.png') } } : {}),
      ...(onProgress === undefined ? {} : { onProgress: ({ ratio }) => onProgress(ratio) }),
    },
    context,
  );
  const { path, durationSeconds, audioInfo, warnings } = prepared;
  return Object.freeze({ wavFile: path, durationSeconds, audioInfo, warnings, ...(prepared.waveform === undefined ? {} : { waveformFile: prepared.waveform.path }) });
}
