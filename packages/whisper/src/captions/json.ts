import { MediaJobError } from '@media-jobs/foundation';
import { z } from 'zod';
import type { CaptionSegment } from './cues.ts';

/** What `toJson` writes. A `Transcript` fits. */
export interface CaptionDocument {
  readonly text: string;
  readonly language: string;
  readonly languageProbability?: number;
  readonly durationSeconds: number;
  readonly segments: readonly CaptionSegment[];
}

/** The transcript as one readable JSON object with a line break at its end. Times are seconds; nothing is merged or rounded. */
export function toJson(document: CaptionDocument): string {
  const { text, language, languageProbability, durationSeconds, segments } = document;
  return `${JSON.stringify({ text, language, languageProbability, durationSeconds, segments }, null, 2)}\n`;
}

const documentSchema = z.object({
  text: z.string(),
  language: z.string(),
  languageProbability: z.number().min(0).max(1).exactOptional(),
  durationSeconds: z.number().nonnegative(),
  segments: z.array(z.looseObject({ start: z.number().nonnegative(), end: z.number().nonnegative(), text: z.string() })),
});

/** Reads what `toJson` writes; what else a segment holds, such as words, stays. Throws `INVALID_INPUT`. */
export function parseJson(text: string): CaptionDocument {
  try {
    return documentSchema.parse(JSON.parse(text.replace(/^\uFEFF/, '')));
  } catch (error) {
    throw new MediaJobError('INVALID_INPUT', { message: 'Expected a transcript as JSON, got something else.', advice: 'Check that the text is what `toJson` has written.', cause: error });
  }
}
