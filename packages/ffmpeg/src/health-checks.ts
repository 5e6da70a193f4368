import type { HealthCheck, HealthReport } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import type { Programs } from './binaries/programs.ts';
import type { FfmpegProgram } from './binaries/version.ts';

/** One check for each of the two programs: it is started and asked for its version. */
export function ffmpegHealthChecks(programs: Programs): readonly HealthCheck[] {
  return Object.freeze((['ffmpeg', 'ffprobe'] as const).map((name) => Object.freeze({ name, check: (signal: AbortSignal) => checkProgram(programs, name, signal) })));
}

async function checkProgram(programs: Programs, name: FfmpegProgram, signal: AbortSignal): Promise<HealthReport> {
  try {
    const { version, path } = await programs.findAgain(name, { signal });
    return { ok: true, detail: `${version} at ${path}` };
  } catch (error) {
    const { message, advice } = MediaJobError.from(error);
    return { ok: false, detail: message, ...(advice === undefined ? {} : { advice }) };
  }
}
