import { constants } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { defineOperation, inputFile, type Attempt, type Operation, type Speech, type SpeechSource } from '@media-jobs/core';
import { z } from 'zod';
import { toJson } from './captions/json.ts';
import { toSrt } from './captions/srt.ts';
import { toTxt } from './captions/txt.ts';
import { toVtt } from './captions/vtt.ts';
import { hallucinationChecks, type FlaggedSegment } from './hallucination/judge-segments.ts';
import { hallucinationModes } from './hallucination/sift-segments.ts';
import { findLanguage } from './languages.ts';
import { whisperDefaults } from './options.ts';
import { transcribeFloors } from './time-limits.ts';
import type { Transcript } from './transcript.ts';
import type { Whisper } from './whisper.ts';

/** Share of the job that bringing the file to speech takes; the rest is transcription. */
const prepareShare = 0.2;

/** One spelling for each language, so that `EN` and `english` are the same job as `en`. What is unknown is refused later, by name. */
const canonicalLanguage = (text: string): string => (text.trim().toLowerCase() === 'auto' ? 'auto' : (findLanguage(text)?.code ?? text));

/** `'en'` and true are the same job. */
const canonicalTranslation = (target: boolean | string): boolean | string => (typeof target === 'string' && findLanguage(target)?.code === 'en' ? true : target);

/** What a job of `transcribe` is given. */
export const transcribeInput = z.strictObject({
  /** Any media file with speech in it. */
  file: inputFile(),
  /** A Whisper code, an English name, or `auto`. */
  language: z.string().min(1).max(40).default('auto').transform(canonicalLanguage),
  /** True, or a name of English: into English. Another language is refused later, by name. */
  translate: z.union([z.boolean(), z.string().min(1).max(40)]).default(false).transform(canonicalTranslation),
  /** What is done about segments that are likely made up. */
  hallucinations: z.enum(hallucinationModes).default('flag'),
  /** Words that set the tone: names, spellings, the sentence before. */
  prompt: z.string().min(1).max(2000).optional(),
  /** Draw `waveform.png` beside the transcript. */
  waveform: z.boolean().default(true),
});

const milliseconds = z.number().nonnegative();

const flagSchema = z.object({ check: z.enum(hallucinationChecks), value: z.number(), threshold: z.number() });
const wordSchema = z.object({ start: z.number().nonnegative(), end: z.number().nonnegative(), text: z.string(), probability: z.number().min(0).max(1).exactOptional() });
const segmentSchema = z.object({
  start: z.number().nonnegative(),
  end: z.number().nonnegative(),
  text: z.string(),
  words: z.array(wordSchema).exactOptional(),
  noSpeechProbability: z.number().min(0).max(1).exactOptional(),
  averageLogProbability: z.number().exactOptional(),
  /** Reasons to doubt it. */
  flags: z.array(flagSchema).exactOptional(),
});

const releaseSchema = z.object({
  pid: z.number().int(),
  exitedAt: z.number().nullable(),
  peakRssBytes: z.number().nullable(),
  gpu: z.object({ uuid: z.string(), beforeMiB: z.number(), peakMiB: z.number(), afterMiB: z.number() }).nullable(),
  proof: z.enum(['process-gone', 'absent-from-driver', 'memory-back', 'kept-warm']),
  recycled: z.enum(['runs', 'age', 'memory']).optional(),
});

/** What a job of `transcribe` returns. Its files are transcript.txt, .srt, .vtt and .json, and waveform.png. */
export const transcribeOutput = z.object({
  text: z.string(),
  /** As a Whisper code; `und` where silence was to tell it. */
  language: z.string(),
  languageProbability: z.number().min(0).max(1).optional(),
  durationSeconds: z.number().nonnegative(),
  /** Times in seconds. */
  segments: z.array(segmentSchema),
  audioInfo: z.object({ format: z.string(), codec: z.string(), sampleRate: z.number(), channels: z.number(), bytes: z.number() }),
  engine: z.string(),
  model: z.object({ name: z.string(), type: z.string(), multilingual: z.boolean(), sha256: z.string() }),
  warnings: z.array(z.string()),
  /** Steps down that were taken because memory ran out. */
  degraded: z.array(z.enum(['retry', 'smaller-beam', 'smaller-model', 'cpu'])).default([]),
  /** Shows that the engine's memory is back; null when none was needed, because the audio is silent. */
  release: releaseSchema.nullable(),
  hallucinations: z.object({ mode: z.enum(hallucinationModes), flagged: z.number(), dropped: z.array(segmentSchema), unchecked: z.array(z.enum(hallucinationChecks)) }),
  /** Stretches that long audio was heard in: by the engine, and taken over from an attempt before. */
  chunks: z.object({ heard: z.number().int(), resumed: z.number().int() }),
  timings: z.object({ prepareMs: milliseconds, waitMs: milliseconds, loadMs: milliseconds, transcribeMs: milliseconds, releaseMs: milliseconds }),
});

/** What the operation works with. It disposes of neither. */
export interface TranscribeOperationOptions {
  readonly whisper: Whisper;
  /** Brings media files to speech; `createFfmpeg()` is one. */
  readonly speech: SpeechSource;
}

type Input = z.output<typeof transcribeInput>;
type Output = z.input<typeof transcribeOutput>;

/** The operation `transcribe`: any media file to text, captions and a picture. Its result depends on the model's bytes, not on its name. */
export function transcribe({ whisper, speech }: TranscribeOperationOptions): Operation<'transcribe', typeof transcribeInput, typeof transcribeOutput> {
  return defineOperation({
    name: 'transcribe',
    version: 2,
    input: transcribeInput,
    output: transcribeOutput,
    limits: { ...transcribeFloors, concurrency: 1 },
    healthChecks: whisper.healthChecks,
    async identityFacts({ language, translate }) {
      // Asked here so that an impossible language is refused before anything is copied or queued.
      await whisper.chooseLanguage(language, translate);
      const { sha256 } = await whisper.modelInfo();
      return {
        model: sha256,
        ...(whisper.beamSize === 1 ? {} : { beamSize: whisper.beamSize }),
        ...(whisper.chunkSeconds === whisperDefaults.chunkSeconds ? {} : { chunkSeconds: whisper.chunkSeconds }),
        ...(whisper.fitContext ? { fitContext: true } : {}),
      };
    },
    run: (input, attempt) => run({ whisper, speech }, input, attempt),
  });
}

async function run(tools: TranscribeOperationOptions, input: Input, attempt: Attempt): Promise<Output> {
  const began = performance.now();
  const { sha256 } = await tools.whisper.modelInfo();
  const speech = await prepare(tools, input, attempt);
  const prepareMs = performance.now() - began;
  attempt.allow(prepareMs + tools.whisper.timeLimitMs(speech.durationSeconds));
  const transcript = await hear(tools, input, speech, attempt);
  await keepFiles(transcript, speech, attempt);
  return describe(transcript, speech, sha256, prepareMs);
}

function prepare({ speech }: TranscribeOperationOptions, { file, waveform }: Input, attempt: Attempt): Promise<Speech> {
  attempt.report({ ratio: 0, phase: 'prepare' });
  return speech.open(file, {
    ...attempt.controls,
    folder: attempt.tempFolder,
    waveform,
    onTimeLimit: (timeoutMs) => attempt.allow(timeoutMs),
    onProgress: (ratio) => attempt.report({ ratio: ratio * prepareShare, phase: 'prepare' }),
  });
}

function hear({ whisper }: TranscribeOperationOptions, { language, translate, prompt, hallucinations }: Input, { wavFile, durationSeconds }: Speech, attempt: Attempt): Promise<Transcript> {
  attempt.report({ ratio: prepareShare, phase: 'transcribe' });
  // Asked for only where there is something to keep: the folder is made by the asking.
  const checkpointFolder = durationSeconds > whisper.chunkSeconds ? attempt.checkpointFolder : null;
  return whisper.transcribe(wavFile, {
    ...attempt.controls,
    ...(checkpointFolder === null ? {} : { checkpointFolder }),
    tempFolder: attempt.tempFolder,
    language,
    translate,
    hallucinations,
    ...(prompt === undefined ? {} : { prompt }),
    onProgress: (ratio) => attempt.report({ ratio: prepareShare + ratio * (1 - prepareShare), phase: 'transcribe' }),
    onSegment: (segment) => attempt.share(segment),
  });
}

async function keepFiles(transcript: Transcript, { waveformFile }: Speech, { artifacts }: Attempt): Promise<void> {
  const texts: readonly (readonly [name: string, mediaType: string, content: string])[] = [
    ['transcript.txt', 'text/plain; charset=utf-8', toTxt(transcript.segments)],
    ['transcript.srt', 'application/x-subrip', toSrt(transcript.segments)],
    ['transcript.vtt', 'text/vtt', toVtt(transcript.segments)],
    ['transcript.json', 'application/json', toJson(transcript)],
  ];
  for (const [name, mediaType, content] of texts) {
    // A job's file is never empty; a lone line break is a valid transcript of nothing.
    await writeFile(join(artifacts.folder, name), content === '' ? '\n' : content);
    await artifacts.add(name, mediaType);
  }
  if (waveformFile === undefined) return;
  await copyFile(waveformFile, join(artifacts.folder, 'waveform.png'), constants.COPYFILE_FICLONE);
  await artifacts.add('waveform.png', 'image/png');
}

function describe(transcript: Transcript, speech: Speech, sha256: string, prepareMs: number): Output {
  const { text, language, languageProbability, durationSeconds, segments, engine, model, warnings, degraded, release, timings, hallucinations, chunks } = transcript;
  return {
    text,
    language,
    ...(languageProbability === undefined ? {} : { languageProbability }),
    durationSeconds,
    segments: segments.map(plainSegment),
    hallucinations: { ...hallucinations, dropped: hallucinations.dropped.map(plainSegment), unchecked: [...hallucinations.unchecked] },
    audioInfo: speech.audioInfo,
    engine,
    model: { name: basename(model.file), type: model.type, multilingual: model.multilingual, sha256 },
    warnings: [...speech.warnings, ...warnings],
    degraded: [...degraded],
    release,
    chunks,
    timings: { prepareMs, ...timings },
  };
}

/** A segment as the schema types it. */
function plainSegment({ words, flags, ...segment }: FlaggedSegment): z.input<typeof segmentSchema> {
  return {
    ...segment,
    ...(words === undefined ? {} : { words: words.map((word) => ({ ...word })) }),
    ...(flags === undefined ? {} : { flags: [...flags] }),
  };
}
