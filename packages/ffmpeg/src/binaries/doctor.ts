import { MediaJobError } from '@media-jobs/foundation';
import { runProgram, type ProcessControls } from '@media-jobs/process';
import { programEnvironment } from '../arguments.ts';
import { onlyControls } from '../call-controls.ts';
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
  readonly code: 'OLD_BINARY';
  readonly message: string;
}

/** What `doctor` found. */
export interface FfmpegReport {
  readonly ok: boolean;
  readonly ffmpeg: ProgramReport;
  readonly ffprobe: ProgramReport;
  /** Filters that are needed and that this build of ffmpeg lacks. */
  readonly missingFilters: readonly string[];
  readonly warnings: readonly DoctorWarning[];
}

/** Filters that decoding uses. Loudness is measured and corrected without ffmpeg. */
export const neededFilters = Object.freeze(['aformat', 'aresample', 'highpass', 'pan'] as const);

const filtersTimeoutMs = 5_000;

/** Looks for both programs and asks what they can do. Throws only when it is aborted. */
export async function examine(programs: Programs, controls: ProcessControls): Promise<FfmpegReport> {
  const ffmpeg = await lookFor(programs, 'ffmpeg', controls);
  const ffprobe = await lookFor(programs, 'ffprobe', controls);
  const missingFilters = ffmpeg.located === undefined ? [] : await filtersMissingIn(ffmpeg.located.path, controls);
  const fit: ProgramReport = missingFilters.length === 0 ? ffmpeg.report : { ...ffmpeg.report, ok: false, detail: `this build lacks the filters ${missingFilters.join(', ')}`, advice: 'Use a full build of ffmpeg.' };
  const warnings = [ffmpeg.located, ffprobe.located].flatMap((located) => (located?.old === true ? [oldBinary(located)] : []));
  return Object.freeze({ ok: fit.ok && ffprobe.report.ok, ffmpeg: fit, ffprobe: ffprobe.report, missingFilters, warnings });
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

async function filtersMissingIn(ffmpeg: string, controls: ProcessControls): Promise<readonly string[]> {
  const there = new Set<string>();
  const note = (line: string): void => void there.add(line.trim().split(/\s+/)[1] ?? '');
  await runProgram({ ...onlyControls(controls), command: ffmpeg, args: ['-hide_banner', '-v', 'error', '-filters'], env: programEnvironment, timeoutMs: filtersTimeoutMs, onStdoutLine: note });
  return neededFilters.filter((name) => !there.has(name));
}
