import { Readable } from 'node:stream';
import { createPlainTempFiles } from '@media-jobs/cleanup';
import type { ProcessControls } from '@media-jobs/process';
import { invalidOption } from '../option-checks.ts';
import type { ResolvedFfmpegOptions } from '../options.ts';
import { spoolStream, type SpooledInput } from './spool-stream.ts';

/** What a call works on: the path of a file, or a stream of its bytes, which is read once, to its end. */
export type MediaInput = string | Readable;

/** Options of a call that takes a stream as well. */
export interface InputOptions extends ProcessControls {
  /** Told what the stream held, when it is read and before it is worked on. Not called for a path. */
  readonly onSpooled?: (spooled: SpooledInput) => void;
}

/**
 * Calls `use` with a path: the one that is given, or that of a temp file into which the stream was read, and which is gone afterwards. Whatever
 * happens, the stream is at its end or destroyed.
 */
export async function withInput<Result>(input: MediaInput, options: InputOptions, context: { readonly options: ResolvedFfmpegOptions }, use: (file: string) => Promise<Result>): Promise<Result> {
  if (typeof input === 'string') return use(input);
  if (!(input instanceof Readable)) throw invalidOption('file', 'a path, or a Readable of bytes', input);
  const { temp = createPlainTempFiles({ logger: context.options.logger }) } = context.options;
  // An error of the stream that comes while nobody reads it yet must not end the process; reading meets it again.
  const heard = (): void => undefined;
  input.on('error', heard);
  try {
    await using spool = await temp.file({ prefix: 'stream' });
    const spooled = await spoolStream(input, spool.path, context.options, options);
    options.onSpooled?.(spooled);
    return await use(spool.path);
  } finally {
    // `heard` stays on a stream that failed: its error may come only now.
    if (!input.readableEnded) input.destroy();
    else input.off('error', heard);
  }
}
