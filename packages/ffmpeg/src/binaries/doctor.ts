import { MediaJobError } from '@media-jobs/foundation';
import { runProgram, type ProcessControls } from '@media-jobs/process';
import { programEnvironment } from '../arguments.ts';
import { onlyControls } from '../call-controls.ts';
import { encoders } from '../convert/audio-codecs.ts';
import type { LocatedProgram } from './locate.ts';
import type { Programs } from './programs.ts';
import type { FfmpegProgram } from './version.ts';

/** What `doctor` says of one program. */
export interface ProgramReport {
  readonly ok: boolean;
  readonly path?: string;
  readonly version?: string;
  /** Where it was found, or why it was not. */
  readonly detail: string;
  /** What to do when it is not ok. */
  readonly advice?: string;
}

/** One thing that works, but not well. */
export interface DoctorWarning {
  readonly code: 'OLD_BINARY' | 'FILTERS_MISSING' | 'ENCODERS_MISSING';
  readonly message: string;
}

/** What `doctor` found. */
export interface FfmpegReport {
  readonly ok: boolean;
  readonly ffmpeg: ProgramReport;
  readonly ffprobe: ProgramReport;
  /** Filters that are needed and that this build of ffmpeg lacks. */
  readonly missingFilters: readonly string[];
  /** Encoders that this build lacks. Those of `neededEncoders` are needed by all; without one of the others, its codec cannot be written: a warning. */
  readonly missingEncoders: readonly string[];
  readonly warnings: readonly DoctorWarning[];
}

/** Filters that decoding uses. Loudness is measured and corrected without ffmpeg. */
export const neededFilters = Object.freeze(['aformat', 'aresample', 'highpass', 'pan'] as const);
/** Encoders without which nothing can be decoded, measured or validated. */
export const neededEncoders = Object.freeze(['pcm_f32le', 'pcm_s16le'] as const);
/** Filters that one option alone needs. */
const optionalFilters = Object.freeze({ afftdn: '`denoise`', loudnorm: "the method `loudnorm` of `normalizeLoudness`" } as const);

const listTimeoutMs = 5_000;

/** Looks for both programs and asks what they can do. Throws only when it is aborted. */
export async function examine(programs: Programs, controls: ProcessControls): Promise<FfmpegReport> {
  const ffmpeg = await lookFor(programs, 'ffmpeg', controls);
  const ffprobe = await lookFor(programs, 'ffprobe', controls);
  const { filters, encoders: coders } = ffmpeg.located === undefined ? { filters: undefined, encoders: undefined } : await abilities(ffmpeg.located.path, controls);
  const missingFilters = lacking(neededFilters, filters);
  const missingEncoders = lacking(Object.values(encoders), coders);
  const lacks = [...missingFilters.map((name) => `the filter ${name}`), ...lacking(neededEncoders, coders).map((name) => `the encoder ${name}`)];
  const fit: ProgramReport = lacks.length === 0 ? ffmpeg.report : { ...ffmpeg.report, ok: false, detail: `this build lacks ${lacks.join(', ')}`, advice: 'Use a full build of ffmpeg.' };
  const warnings = [...[ffmpeg.located, ffprobe.located].flatMap((located) => (located?.old === true ? [oldBinary(located)] : [])), ...restrictions(filters, coders)];
  return Object.freeze({ ok: fit.ok && ffprobe.report.ok, ffmpeg: fit, ffprobe: ffprobe.report, missingFilters, missingEncoders, warnings });
}

/** What works, but not in every way. */
function restrictions(filters: Names, coders: Names): readonly DoctorWarning[] {
  const without = lacking(Object.keys(optionalFilters), filters) as readonly (keyof typeof optionalFilters)[];
  const unwritten = Object.entries(encoders).filter(([, encoder]) => lacking([encoder], coders).length > 0);
  return [
    ...without.map((name): DoctorWarning => ({ code: 'FILTERS_MISSING', message: `This build of ffmpeg lacks the filter ${name}, so ${optionalFilters[name]} fails. Use a full build.` })),
    ...(unwritten.length === 0 ? [] : [{ code: 'ENCODERS_MISSING', message: `This build of ffmpeg cannot write ${unwritten.map(([codec, encoder]) => `${codec} (it lacks the encoder ${encoder})`).join(', ')}. Use a full build.` } as const]),
  ];
}

interface Sought {
  readonly located?: LocatedProgram;
  readonly report: ProgramReport;
}

async function lookFor(programs: Programs, program: FfmpegProgram, controls: ProcessControls): Promise<Sought> {
  try {
    const located = await programs.findAgain(program, controls);
    return { located, report: { ok: true, path: located.path, version: located.version, detail: `found: ${located.place}` } };
  } catch (error) {
    if (!MediaJobError.isInstance(error) || error.code !== 'PROGRAM_NOT_FOUND') throw error;
    return { report: { ok: false, detail: error.message, ...(error.advice === undefined ? {} : { advice: error.advice }) } };
  }
}

function oldBinary({ path, version }: LocatedProgram): DoctorWarning {
  return { code: 'OLD_BINARY', message: `${path} is version ${version}: older than 5.0, it gets no security fixes. Install a current one.` };
}

/** Undefined where nothing could be asked. */
type Names = ReadonlySet<string> | undefined;

function lacking(names: readonly string[], there: Names): readonly string[] {
  return there === undefined ? [] : names.filter((name) => !there.has(name));
}

async function abilities(ffmpeg: string, controls: ProcessControls): Promise<{ readonly filters: Names; readonly encoders: Names }> {
  return { filters: await listed(ffmpeg, '-filters', controls), encoders: await listed(ffmpeg, '-encoders', controls) };
}

/** The second word of each line: the first is a row of marks. */
async function listed(ffmpeg: string, list: '-filters' | '-encoders', controls: ProcessControls): Promise<ReadonlySet<string>> {
  const there = new Set<string>();
  const note = (line: string): void => void there.add(line.trim().split(/\s+/)[1] ?? '');
  await runProgram({ ...onlyControls(controls), command: ffmpeg, args: ['-hide_banner', '-v', 'error', list], env: programEnvironment, timeoutMs: listTimeoutMs, onStdoutLine: note });
  return there;
}
