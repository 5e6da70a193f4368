import type { EngineResult, Segment } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import { z } from 'zod';
import { wordsOf } from './cli-words.ts';

const offsets = z.object({ from: z.number(), to: z.number() });
const resultSchema = z.object({
  model: z.object({ vocab: z.number() }),
  result: z.object({ language: z.string() }),
  transcription: z.array(z.object({
    offsets,
    text: z.string(),
    tokens: z.array(z.object({ text: z.string(), id: z.number(), p: z.number().nullable(), offsets: offsets.optional() })),
  })),
});

/** Segments end with their window, which may be this much longer than the audio. */
const windowMs = 30_000;

/** The writer of `whisper-cli` leaves raw control characters in texts, halves of characters, and numbers that are none. */
export function mend(bytes: Uint8Array): string {
  const text = new TextDecoder('utf-8').decode(bytes);
  return text.replaceAll(/"(?:[^"\\]|\\[^])*"|-?\b(?:nan|inf)\b/gi, (part) => (part.startsWith('"') ? escapeControls(part) : 'null'));
}

function escapeControls(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  return text.replaceAll(/[\u0000-\u001F]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function unusable(message: string, cause?: unknown): MediaJobError {
  return new MediaJobError('ENGINE_FAILED', {
    message: `Expected a transcript of whisper-cli, ${message}`,
    advice: 'Try again; when it comes back, look into the log in the facts of this error.',
    ...(cause === undefined ? {} : { cause }),
  });
}

function parse(bytes: Uint8Array): z.infer<typeof resultSchema> {
  try {
    return resultSchema.parse(JSON.parse(mend(bytes)));
  } catch (error) {
    throw unusable(`got ${bytes.length} bytes that are none.`, error);
  }
}

/** Reads the JSON file of one run and holds its times against the audio. Throws `ENGINE_FAILED`. */
export function readCliResult(bytes: Uint8Array, durationSeconds: number): Pick<EngineResult, 'segments' | 'language'> {
  const { model, result, transcription } = parse(bytes);
  const segments = transcription.map(({ offsets: { from, to }, text, tokens }): Segment => {
    if (from < 0 || to < from || from > durationSeconds * 1000 + windowMs) throw unusable(`got one with a segment from ${from} to ${to} ms in ${durationSeconds} s of audio.`);
    return { start: from / 1000, end: to / 1000, text, words: wordsOf(tokens, model.vocab, result.language) };
  });
  return { segments, language: result.language };
}
