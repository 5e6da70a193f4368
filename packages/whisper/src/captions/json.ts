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
