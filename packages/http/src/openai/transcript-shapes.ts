import { deflateSync } from 'node:zlib';
import { MediaJobError } from '@media-jobs/foundation';
import { z } from 'zod';
import type { OpenAiForm } from './openai-form.ts';

/** What of the output of `transcribe` is told here. */
export const transcriptSchema = z.looseObject({
  text: z.string(),
  language: z.string(),
  durationSeconds: z.number(),
  segments: z.array(z.looseObject({
    start: z.number(), end: z.number(), text: z.string(),
    words: z.array(z.looseObject({ start: z.number(), end: z.number(), text: z.string() })).optional(),
    noSpeechProbability: z.number().optional(),
    averageLogProbability: z.number().optional(),
  })),
});

export type Transcript = z.output<typeof transcriptSchema>;

const usage = ({ durationSeconds }: Transcript) => ({ type: 'duration', seconds: Math.ceil(durationSeconds) }) as const;

/** `json`: the words alone. */
export function toJson(transcript: Transcript): { readonly text: string; readonly usage: object } {
  return { text: transcript.text, usage: usage(transcript) };
}

/** `verbose_json`: with segments, and words where they are asked for. Throws `INVALID_INPUT` when the engine tells no words. */
export function toVerboseJson(transcript: Transcript, { 'timestamp_granularities[]': granularities = ['segment'] }: OpenAiForm, task: 'transcribe' | 'translate'): object {
  const { text, language, durationSeconds, segments } = transcript;
  return {
    task,
    language: languageName(language),
    duration: durationSeconds,
    text,
    ...(granularities.includes('segment') ? { segments: segments.map(toSegment) } : {}),
    ...(granularities.includes('word') ? { words: wordsOf(segments) } : {}),
    usage: usage(transcript),
  };
}

type Segment = Transcript['segments'][number];

function toSegment({ start, end, text, averageLogProbability = 0, noSpeechProbability = 0 }: Segment, id: number): object {
  return { id, seek: 0, start, end, text, tokens: [], temperature: 0, avg_logprob: averageLogProbability, compression_ratio: compressionRatio(text), no_speech_prob: noSpeechProbability };
}

function wordsOf(segments: readonly Segment[]): readonly object[] {
  const lacking = segments.find(({ words, text }) => words === undefined && text.trim() !== '');
  if (lacking !== undefined) throw new MediaJobError('INVALID_INPUT', { message: 'Expected an engine that tells when each word is said, got one that does not.', advice: 'Ask for segments, or give the service another engine.', facts: { fields: ['timestamp_granularities'] } });
  return segments.flatMap(({ words = [] }) => words.map(({ start, end, text }) => ({ word: text.trim(), start, end })));
}

/** As Whisper counts it: bytes of the text by bytes of it compressed. */
function compressionRatio(text: string): number {
  const bytes = Buffer.from(text);
  return bytes.length === 0 ? 1 : bytes.length / deflateSync(bytes).length;
}

/** OpenAI names languages in English. */
function languageName(code: string): string {
  return (code === 'und' ? undefined : new Intl.DisplayNames(['en'], { type: 'language' }).of(code))?.toLowerCase() ?? code;
}
