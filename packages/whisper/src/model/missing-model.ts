import { MediaJobError } from '@media-jobs/foundation';
import { findKnown } from './known-models.ts';

/** A `MODEL_MISSING` for the file at `path`. With a name, its advice is the command that gets the model. */
export function missingModel(path: string, name: string | undefined, cause?: unknown): MediaJobError {
  const there = (cause as NodeJS.ErrnoException | undefined)?.code === 'EACCES' ? ' that this user may read' : '';
  return new MediaJobError('MODEL_MISSING', {
    message: `Expected a Whisper model${there} at "${path}", got none.`,
    advice: name === undefined
      ? 'Give the name of a model, such as base.en (148 MB), or the path of a ggml model of whisper.cpp, such as ggml-base.en.bin.'
      : `Run \`media-jobs models pull ${name}\`${sizeOf(name)}, or allow it to be downloaded.`,
    facts: { path, ...(name === undefined ? {} : { model: name }) },
    ...(cause === undefined ? {} : { cause }),
  });
}

function sizeOf(name: string): string {
  const bytes = findKnown(name)?.bytes;
  return bytes === undefined ? '' : ` (${Math.round(bytes / 1e6)} MB)`;
}
