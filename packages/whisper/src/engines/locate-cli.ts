import { MediaJobError } from '@media-jobs/foundation';
import { runProgram } from '@media-jobs/process';
import { abortErrorOf } from '../pool/abort.ts';
import { builtProgram, type CliFlavour } from './cli-places.ts';

/** A `whisper-cli` that runs here. */
export interface LocatedCli {
  readonly command: string;
  readonly version: string;
  readonly place: 'given' | 'PATH' | 'built';
  /** Of what was built here; null where nobody knows. */
  readonly flavour: CliFlavour | null;
}

export interface LocateCliOptions {
  readonly command: string | undefined;
  readonly folder: string;
  readonly signal?: AbortSignal | undefined;
}

/** Reads its inputs one by one and says so; older ones are not understood. */
const leastVersion = [1, 9] as const;
const askTimeoutMs = 20_000;

export const buildAdvice = 'Build it once: npm install nodejs-whisper, then `media-jobs whisper build` (needs cmake and a C++ compiler, takes a few minutes). Or install whisper.cpp 1.9 or newer.';

/** Finds `whisper-cli`: where it is given, in PATH, or built here. Throws `ENGINE_UNAVAILABLE`, or what the abort says. */
export async function locateCli({ command, folder, signal }: LocateCliOptions): Promise<LocatedCli> {
  const built = (flavour: CliFlavour) => ({ command: builtProgram(folder, flavour), place: 'built', flavour }) as const;
  const places = command === undefined ? [{ command: 'whisper-cli', place: 'PATH', flavour: null } as const, built('cuda'), built('cpu')] : [{ command, place: 'given', flavour: null } as const];
  const reasons: string[] = [];
  for (const place of places) {
    try {
      return { ...place, version: await versionOf(place.command, signal) };
    } catch (thrown) {
      if (signal?.aborted === true) throw abortErrorOf(signal);
      const error = MediaJobError.from(thrown);
      if (error.code !== 'PROGRAM_NOT_FOUND' || command !== undefined) reasons.push(error.message);
    }
  }
  throw new MediaJobError('ENGINE_UNAVAILABLE', {
    message: `Expected whisper-cli of whisper.cpp 1.9 or newer, got none: ${reasons.length === 0 ? 'it is neither in PATH nor built here' : reasons.join('; ')}.`,
    advice: buildAdvice,
  });
}

/** Asks a program for its version. Exit codes are not to be trusted: an old one ends with 0 whatever it is asked. */
export async function versionOf(command: string, signal?: AbortSignal): Promise<string> {
  const { stdoutTail } = await runProgram({ command, args: ['--version'], timeoutMs: askTimeoutMs, ...(signal === undefined ? {} : { kill: signal }) });
  const [, version, major, minor] = /whisper\.cpp version: ((\d+)\.(\d+)\S*)/.exec(stdoutTail) ?? [];
  const newEnough = Number(major) > leastVersion[0] || (Number(major) === leastVersion[0] && Number(minor) >= leastVersion[1]);
  if (version !== undefined && newEnough) return version;
  throw new MediaJobError('PROGRAM_UNFIT', { message: `\`${command}\` ${version === undefined ? 'does not tell a version' : `is of version ${version}`}`, advice: buildAdvice });
}
