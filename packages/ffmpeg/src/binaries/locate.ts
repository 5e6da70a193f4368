import { MediaJobError, type Clock, type Logger } from '@media-jobs/foundation';
import { runProgram, type ProcessControls } from '@media-jobs/process';
import { programEnvironment } from '../arguments.ts';
import type { Place } from './places.ts';
import { parseVersion, type FfmpegProgram, type ProgramVersion } from './version.ts';

/** A program that runs. */
export interface LocatedProgram extends ProgramVersion {
  /** Absolute. */
  readonly path: string;
  /** The place in which it was found, in words. */
  readonly place: string;
}

/** A place in which there was no program that runs. */
export interface TriedPlace {
  readonly place: string;
  readonly reason: string;
}

const versionTimeoutMs = 5_000;

/** The first program of the places that answers `-version`. Throws `PROGRAM_NOT_FOUND` with each place and its reason, or `ABORTED`. */
export async function locateProgram(program: FfmpegProgram, places: readonly Place[], clock: Clock, controls: ProcessControls): Promise<LocatedProgram> {
  const tried: TriedPlace[] = [];
  for (const { name, find } of places) {
    const found = await find().catch((error: unknown) => [error as Error]);
    if (found.length === 0) tried.push({ place: name, reason: 'not there' });
    for (const file of found) {
      if (typeof file !== 'string') {
        tried.push({ place: name, reason: file.message });
        continue;
      }
      const answer = await askVersion(program, file, clock, controls);
      if (typeof answer === 'string') tried.push({ place: `${name}: ${file}`, reason: answer });
      else return announced({ ...answer, path: file, place: name }, program, controls.logger);
    }
  }
  throw notFound(program, tried);
}

/** The version, or why there is none. */
async function askVersion(program: FfmpegProgram, file: string, clock: Clock, { signal, kill }: ProcessControls): Promise<ProgramVersion | string> {
  try {
    const { stdoutTail } = await runProgram({ command: file, args: ['-version'], env: programEnvironment, timeoutMs: versionTimeoutMs, clock, ...(signal && { signal }), ...(kill && { kill }) });
    return parseVersion(program, stdoutTail) ?? `it does not answer as ${program}`;
  } catch (error) {
    if (signal?.aborted === true || kill?.aborted === true || !MediaJobError.isInstance(error)) throw error;
    return error.message;
  }
}

function announced(found: LocatedProgram, program: FfmpegProgram, logger: Logger | undefined): LocatedProgram {
  logger?.debug({ program, path: found.path, version: found.version, place: found.place }, 'Found a program');
  if (found.old) logger?.warn({ code: 'OLD_BINARY', program, path: found.path, version: found.version }, 'This program is older than 5.0 and gets no security fixes');
  return Object.freeze(found);
}

const installs: Readonly<Record<string, string>> = Object.freeze({
  linux: 'On Debian and Ubuntu: `apt-get install ffmpeg`; on Fedora: `dnf install ffmpeg-free`; on Alpine: `apk add ffmpeg`.',
  darwin: 'With Homebrew: `brew install ffmpeg`.',
  win32: 'With winget: `winget install Gyan.FFmpeg`.',
});

/** How ffmpeg is installed on this kind of machine, in one line. */
export function installAdvice(platform: string = process.platform): string {
  return `${installs[platform] ?? 'Install ffmpeg with the package manager of this system.'} Or give its path as \`binaries\`.`;
}

function notFound(program: FfmpegProgram, tried: readonly TriedPlace[]): MediaJobError {
  const places = tried.map(({ place, reason }) => `${place} (${reason})`).join('; ');
  return new MediaJobError('PROGRAM_NOT_FOUND', { message: `Expected a working ${program}, got none in: ${places}.`, advice: installAdvice(), facts: { program, tried } });
}
