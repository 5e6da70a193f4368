import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { FileWriter } from '@media-jobs/cleanup';
import { DisposalStack } from '@media-jobs/foundation';
import type { ProcessControls } from '@media-jobs/process';
import { speechSampleRate } from '../arguments.ts';
import { throwIfAborted } from '../call-controls.ts';
import type { MediaContext } from '../media-context.ts';
import { invalidOption, requireNumber, requirePath, requireWhole } from '../option-checks.ts';
import { checkTargets, publishAll, tempFilesFor, type FinishedFile } from '../output-files.ts';
import { requireRoom, reserveWhileWriting } from '../speech/plan-speech.ts';
import type { PrepareSpeechOptions } from '../speech/prepare-options.ts';
import { prepareSpeech } from '../speech/prepare-speech.ts';
import { wavHeader, wavHeaderBytes } from '../wav.ts';
import { CutFinder } from './cut-finder.ts';

/** How a file is split: into parts of so many seconds; in pauses, so that no part is longer; or into parts of so many bytes at most. */
export type SplitBy =
  | { readonly everySeconds: number }
  /** Each part ends in its softest moment between `minSeconds` (default half of `maxSeconds`) and `maxSeconds`. */
  | { readonly atSilence: { readonly maxSeconds: number; readonly minSeconds?: number } }
  | { readonly maxBytes: number };

/** Options of `split`: how, and all that `prepareSpeech` takes. Loudness and rumble are left alone unless they are asked for. */
export interface SplitOptions extends Omit<PrepareSpeechOptions, 'waveform'> {
  readonly by: SplitBy;
  /** What the names of the parts begin with. Default: the name of the file. */
  readonly name?: string;
}

/** One part: 16 kHz, mono, 16-bit PCM. */
export interface SplitPart {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  /** Where it starts in the whole. */
  readonly startSeconds: number;
  readonly durationSeconds: number;
}

/** All parts, in order: together they are the whole, sample by sample. */
export interface SplitResult {
  readonly parts: readonly SplitPart[];
  readonly durationSeconds: number;
  readonly warnings: readonly string[];
}

const sampleBytes = 2;
const readBytes = 262_144;
const mostParts = 10_000;

/** Implements `Ffmpeg.split`: one decode of the whole, then cuts by ranges of bytes, exact to the sample. Parts appear all or none. */
export async function split(file: string, folder: string, options: SplitOptions, context: MediaContext): Promise<SplitResult> {
  requirePath('folder', folder);
  const { by, highpassHz = false, loudness = false, overwrite = false, name = basename(file, extname(file)), ...rest } = options;
  const findCuts = checkSplit(by);
  const target = resolve(folder);
  await mkdir(target, { recursive: true });
  requireName(name);
  const temp = tempFilesFor(join(target, 'part'), context.options.temp);
  await using whole = await temp.file({ near: join(target, 'whole.wav'), extension: '.wav' });
  const prepared = await prepareSpeech(file, whole.path, { ...rest, highpassHz, loudness, overwrite: true }, context);
  const samples = Math.round(prepared.durationSeconds * speechSampleRate);
  await using source = await open(whole.path, 'r');
  const cuts = [0, ...(await findCuts(source, samples, options)), samples];
  if (cuts.length > mostParts) throw invalidOption('by', `so large that there are at most ${mostParts} parts`, by);
  const names = cuts.slice(1).map((_, index) => join(target, `${name}-${String(index + 1).padStart(4, '0')}.wav`));
  await checkTargets(file, names, overwrite);
  await requireRoom(names, samples * sampleBytes, context.options.disk);
  await using made = new DisposalStack();
  const finished: (FinishedFile & { readonly range: readonly [number, number] })[] = [];
  for (const [index, path] of names.entries()) {
    throwIfAborted(options);
    const part = made.use(await temp.file({ near: path, extension: '.wav' }));
    const range = [cuts[index] ?? 0, cuts[index + 1] ?? samples] as const;
    await writePart(source, range, part.path, reserveWhileWriting(context.options.disk));
    finished.push({ part, target: path, range });
  }
  await publishAll(finished, overwrite, temp);
  const parts = finished.map(({ target: path, range: [from, to] }) => Object.freeze({ path, bytes: wavHeaderBytes + (to - from) * sampleBytes, startSeconds: from / speechSampleRate, durationSeconds: (to - from) / speechSampleRate }));
  return Object.freeze({ parts, durationSeconds: prepared.durationSeconds, warnings: prepared.warnings });
}

function requireName(name: unknown): void {
  requirePath('name', name);
  if (basename(String(name)) !== name) throw invalidOption('name', 'a name without a folder', name);
}

/** Finds the samples that parts begin with, but for the first. */
type FindCuts = (source: FileHandle, samples: number, controls: ProcessControls) => Promise<readonly number[]>;

function checkSplit(by: SplitBy): FindCuts {
  if (typeof by === 'object' && by !== null) {
    if ('everySeconds' in by) {
      requireNumber('by.everySeconds', by.everySeconds, 1);
      return every(Math.round(by.everySeconds * speechSampleRate));
    }
    if ('maxBytes' in by) {
      requireWhole('by.maxBytes', by.maxBytes, wavHeaderBytes + speechSampleRate * sampleBytes);
      return every(Math.floor((by.maxBytes - wavHeaderBytes) / sampleBytes));
    }
    if ('atSilence' in by) {
      const { maxSeconds, minSeconds = maxSeconds / 2 } = by.atSilence;
      requireNumber('by.atSilence.maxSeconds', maxSeconds, 2, 36_000);
      requireNumber('by.atSilence.minSeconds', minSeconds, 1, maxSeconds - 0.5);
      return async (source, samples, controls) => inPauses(source, new CutFinder(minSeconds * speechSampleRate, maxSeconds * speechSampleRate), samples, controls);
    }
  }
  throw invalidOption('by', '`{ everySeconds }`, `{ atSilence: { maxSeconds } }` or `{ maxBytes }`', by);
}

function every(length: number): FindCuts {
  return async (_, samples) => Array.from({ length: Math.max(0, Math.ceil(samples / length) - 1) }, (_unused, index) => (index + 1) * length);
}

async function inPauses(source: FileHandle, finder: CutFinder, samples: number, controls: ProcessControls): Promise<readonly number[]> {
  for await (const bytes of readPart(source, [0, samples])) {
    throwIfAborted(controls);
    finder.add(new Int16Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length / sampleBytes));
  }
  return finder.cuts.filter((cut) => cut < samples);
}

async function writePart(source: FileHandle, range: readonly [number, number], path: string, reserveBytes: number): Promise<void> {
  const writer = await FileWriter.open(path, reserveBytes);
  try {
    await writer.append(wavHeader(speechSampleRate, (range[1] - range[0]) * sampleBytes));
    for await (const bytes of readPart(source, range)) await writer.append(bytes);
    await writer.close();
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

/** The samples of a range as bytes, in memory that is used again for the next. */
async function* readPart(source: FileHandle, [from, to]: readonly [number, number]): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(readBytes);
  const end = wavHeaderBytes + to * sampleBytes;
  for (let position = wavHeaderBytes + from * sampleBytes; position < end; ) {
    const { bytesRead } = await source.read(buffer, 0, Math.min(readBytes, end - position), position);
    if (bytesRead === 0) throw new RangeError(`Expected samples up to byte ${end}, got none at ${position}.`);
    position += bytesRead;
    yield buffer.subarray(0, bytesRead - (bytesRead % sampleBytes));
  }
}
