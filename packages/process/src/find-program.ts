import { constants } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
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

async function inspectFile(file: string): Promise<Finding> {
  try {
    const facts = await stat(file);
    if (facts.isDirectory()) return 'folder';
    await access(file, constants.X_OK);
    return (await wouldNeedShell(file)) ? 'no-program' : 'fit';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'missing';
    if (code === 'EACCES' || code === 'EPERM' || code === 'ELOOP' || code === 'ENAMETOOLONG') return 'not-executable';
    throw error;
  }
}

/** The C library hands a file that the kernel cannot run to `sh`. Nothing here may reach a shell, so such a file is refused. */
async function wouldNeedShell(file: string): Promise<boolean> {
  if (process.platform === 'win32') return false;
  const handle = await open(file, 'r').catch(() => undefined);
  // A program may be executable and yet not readable: then it is for the kernel to say.
  if (handle === undefined) return false;
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(256), 0, 256, 0);
    const head = buffer.subarray(0, bytesRead);
    return !head.includes(0) && head.subarray(0, 2).toString('latin1') !== '#!';
  } finally {
    await handle.close();
  }
}

const reasons: Record<Exclude<Finding, 'fit' | 'missing'>, string> = {
  folder: 'it is a folder',
  'not-executable': 'this user may not run it',
  'no-program': 'it is neither a binary nor a script with a `#!` line',
};

/** The absolute path of a program. Throws `PROGRAM_NOT_FOUND` or `PROGRAM_NOT_EXECUTABLE`. */
export async function findProgram(command: string, place: ProgramPlace): Promise<string> {
  if (process.platform === 'win32') return command;
  const folders = (place.path ?? '').split(delimiter).filter((folder) => folder !== '');
  const files = command.includes('/') ? [resolve(place.cwd, command)] : folders.map((folder) => resolve(place.cwd, folder, command));
  let unfit: { readonly file: string; readonly finding: keyof typeof reasons } | undefined;
  for (const file of files) {
    const finding = await inspectFile(file);
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
