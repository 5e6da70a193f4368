import { stat } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import type { FfmpegBinaries } from '../options.ts';
import { withRunBit } from './run-bit.ts';
import type { FfmpegProgram } from './version.ts';

/** Somewhere a program may be. */
export interface Place {
  /** Where, in words that a user understands. */
  readonly name: string;
  /** Absolute paths to try, in this order; none when there is nothing. Throws with the reason. */
  readonly find: () => Promise<readonly string[]>;
}

/** What the order of places depends on. */
export interface PlacesOptions {
  readonly binaries: FfmpegBinaries;
  readonly searchPath: string;
  readonly cacheFolder: string;
  /** The other program, when it was found or given. */
  readonly sibling: string | undefined;
  /** Loads a package that may not be installed. */
  readonly importPackage: (name: string) => Promise<unknown>;
}

/** Packages that carry a program, before and after `PATH`: the last ones are old builds. */
const packages: Readonly<Record<FfmpegProgram, { readonly before: readonly string[]; readonly after: readonly string[] }>> = Object.freeze({
  ffmpeg: { before: ['ffmpeg-static'], after: ['@ffmpeg-installer/ffmpeg'] },
  ffprobe: { before: [], after: ['@ffprobe-installer/ffprobe'] },
});

/** All places of a program in the order in which they are tried. A path that the caller gave is the only one. */
export function placesOf(program: FfmpegProgram, options: PlacesOptions): readonly Place[] {
  const given = options.binaries[program];
  if (given !== undefined) return [{ name: `the option \`binaries.${program}\` (${given})`, find: async () => [resolve(given)] }];
  const { before, after } = packages[program];
  return [
    ...(options.sibling === undefined ? [] : [siblingPlace(program, options.sibling)]),
    ...before.map((name) => packagePlace(name, options)),
    pathPlace(program, options.searchPath),
    ...after.map((name) => packagePlace(name, options)),
  ];
}

const suffix = process.platform === 'win32' ? '.exe' : '';

function siblingPlace(program: FfmpegProgram, sibling: string): Place {
  const file = join(dirname(sibling), program + suffix);
  return { name: `beside ${sibling}`, find: async () => existing([file]) };
}

function pathPlace(program: FfmpegProgram, searchPath: string): Place {
  const folders = searchPath.split(delimiter).filter((folder) => folder !== '');
  return { name: `PATH (${folders.length} folders)`, find: async () => existing(folders.map((folder) => resolve(folder, program + suffix))) };
}

function packagePlace(name: string, { importPackage, cacheFolder }: PlacesOptions): Place {
  return {
    name: `the package ${name}`,
    find: async () => {
      const file = programIn(await importPackage(name).catch(notInstalled));
      return file === undefined ? [] : [await withRunBit(file, cacheFolder)];
    },
  };
}

/** `ffmpeg-static` exports a path or null, the installers an object with a path. */
function programIn(content: unknown): string | undefined {
  const exported = (content as { default?: unknown } | undefined)?.default ?? content;
  const path = typeof exported === 'object' && exported !== null ? (exported as { path?: unknown }).path : exported;
  return typeof path === 'string' ? path : undefined;
}

function notInstalled(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') return undefined;
  throw error;
}

async function existing(files: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(files.map(async (file) => ((await stat(file).catch(() => undefined))?.isFile() === true ? file : undefined)));
  return found.filter((file) => file !== undefined);
}
