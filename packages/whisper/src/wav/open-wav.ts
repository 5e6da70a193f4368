import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { MediaJobError, type MediaJobErrorCode } from '@media-jobs/foundation';
import { readWavFormat, type WavFormat } from './wav-format.ts';

const codeOf: Readonly<Record<string, readonly [MediaJobErrorCode, string]>> = {
  ENOENT: ['INPUT_MISSING', 'Check the path.'],
  ENOTDIR: ['INPUT_MISSING', 'Check the path.'],
  EACCES: ['INPUT_UNREADABLE', 'Give this user the right to read it.'],
  EPERM: ['INPUT_UNREADABLE', 'Give this user the right to read it.'],
  ELOOP: ['INPUT_MISSING', 'The path is a link that leads back to itself.'],
};

async function openFile(file: string): Promise<FileHandle> {
  try {
    // Without O_NONBLOCK, opening a pipe that nobody writes to would never return.
    return await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const [code, advice] = codeOf[(error as NodeJS.ErrnoException).code ?? ''] ?? ['INPUT_UNREADABLE', 'Look at the cause.'];
    throw new MediaJobError(code, { message: `Expected a WAV file that can be read, got "${file}".`, advice, cause: error, facts: { path: file } });
  }
}

/** An open WAV file whose header fits. Closed by disposal. */
export interface OpenWav extends AsyncDisposable {
  readonly handle: FileHandle;
  readonly format: WavFormat;
}

/** Opens a WAV file and checks its header. Throws `INPUT_*`, `UNSUPPORTED_FORMAT`, `CORRUPT` or `TRUNCATED`, with nothing left open. */
export async function openWav(file: string): Promise<OpenWav> {
  const handle = await openFile(file);
  try {
    if (!(await handle.stat()).isFile()) {
      throw new MediaJobError('INPUT_NOT_FILE', { message: `Expected a regular file, got a folder, pipe or device: "${file}".`, advice: 'Give the path of a WAV file.', facts: { path: file } });
    }
    const format = await readWavFormat(handle, file);
    return { handle, format, [Symbol.asyncDispose]: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}
