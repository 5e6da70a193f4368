import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import { MediaJobError } from '@media-jobs/foundation';

/** Where a program is looked for. */
export interface ProgramPlace {
  /** Folder from which relative paths count. */
  readonly cwd: string;
  /** The folders of `PATH`, as the environment holds them. */
  readonly path: string | undefined;
}

type Finding = 'missing' | 'folder' | 'not-executable' | 'no-program' | 'fit';

/** Everything here is asked at once, not through the thread pool: most folders of a PATH do not have the program, and the answer takes microseconds. */
function inspectFile(file: string): Finding {
  try {
    const facts = statSync(file, { throwIfNoEntry: false });
    if (facts === undefined) return 'missing';
    if (facts.isDirectory()) return 'folder';
    accessSync(file, constants.X_OK);
    return wouldNeedShell(file) ? 'no-program' : 'fit';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM' || code === 'ELOOP' || code === 'ENAMETOOLONG') return 'not-executable';
    throw error;
  }
}

/** The C library hands a file that the kernel cannot run to `sh`. Nothing here may reach a shell, so such a file is refused. */
function wouldNeedShell(file: string): boolean {
  const head = Buffer.alloc(256);
  const length = readHead(file, head);
  return length !== undefined && !head.subarray(0, length).includes(0) && head.toString('latin1', 0, 2) !== '#!';
}

/** A program may be executable and yet not readable: then it is for the kernel to say what it is. */
function readHead(file: string, head: Buffer): number | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return undefined;
    throw error;
  }
  try {
    return readSync(descriptor, head);
  } finally {
    closeSync(descriptor);
  }
}

const reasons: Record<Exclude<Finding, 'fit' | 'missing'>, string> = {
  folder: 'it is a folder',
  'not-executable': 'this user may not run it',
  'no-program': 'it is neither a binary nor a script with a `#!` line',
};

/** The absolute path of a program. Throws `PROGRAM_NOT_FOUND` or `PROGRAM_NOT_EXECUTABLE`. */
export function findProgram(command: string, place: ProgramPlace): string {
  if (process.platform === 'win32') return command;
  const folders = (place.path ?? '').split(delimiter).filter((folder) => folder !== '');
  const files = command.includes('/') ? [resolve(place.cwd, command)] : folders.map((folder) => resolve(place.cwd, folder, command));
  let unfit: { readonly file: string; readonly finding: keyof typeof reasons } | undefined;
  for (const file of files) {
    const finding = inspectFile(file);
    if (finding === 'fit') return file;
    if (finding !== 'missing') unfit ??= { file, finding };
  }
  if (unfit !== undefined) throw notExecutable(command, unfit.file, reasons[unfit.finding]);
  throw notFound(command, command.includes('/') ? 'there is no such file' : `it is in none of the ${folders.length} folders of PATH`);
}

export function notFound(command: string, reason: string, cause?: unknown): MediaJobError {
  return new MediaJobError('PROGRAM_NOT_FOUND', {
    message: `Expected the program \`${command}\` to be there, but ${reason}.`,
    advice: 'Install it, or give its full path.',
    facts: { command },
    cause,
  });
}

export function notExecutable(command: string, file: string, reason: string, cause?: unknown): MediaJobError {
  return new MediaJobError('PROGRAM_NOT_EXECUTABLE', {
    message: `Expected \`${file}\` to be a program that can be started, but ${reason}.`,
    advice: 'Give the path of a program for this machine, with its run bit set.',
    facts: { command, file },
    cause,
  });
}
