import type { ProcessControls } from '@media-jobs/process';
import type { ResolvedFfmpegOptions } from '../options.ts';
import { locateProgram, type LocatedProgram } from './locate.ts';
import { placesOf } from './places.ts';
import type { FfmpegProgram } from './version.ts';

/** Finds the two programs, once for an instance. */
export interface Programs {
  /** Throws `PROGRAM_NOT_FOUND`. A failure is not remembered: what is installed later is found. */
  find(program: FfmpegProgram, controls: ProcessControls): Promise<LocatedProgram>;
  /** The same, but looks anew. */
  findAgain(program: FfmpegProgram, controls: ProcessControls): Promise<LocatedProgram>;
}

/** Makes the finder of one instance. Nothing is looked for before the first call. */
export function createPrograms(options: ResolvedFfmpegOptions, importPackage: (name: string) => Promise<unknown> = (name) => import(name)): Programs {
  const { binaries, cacheFolder, clock, logger } = options;
  const found = new Map<FfmpegProgram, LocatedProgram>();
  const findAgain = async (program: FfmpegProgram, controls: ProcessControls): Promise<LocatedProgram> => {
    const other: FfmpegProgram = program === 'ffmpeg' ? 'ffprobe' : 'ffmpeg';
    const sibling = found.get(other)?.path ?? binaries[other];
    // The one read of the environment: looking for a program by name has no other meaning.
    const searchPath = options.searchPath ?? process.env['PATH'] ?? '';
    const places = placesOf(program, { binaries, searchPath, cacheFolder, sibling, importPackage });
    const located = await locateProgram(program, places, clock, { logger, ...controls });
    found.set(program, located);
    return located;
  };
  return Object.freeze({ findAgain, find: async (program: FfmpegProgram, controls: ProcessControls) => found.get(program) ?? findAgain(program, controls) });
}
