import type { Readable } from 'node:stream';
import { receiveStream, requireDiskSpace, type FileDigest } from '@media-jobs/cleanup';
import { DisposalStack, MediaJobError } from '@media-jobs/foundation';
import type { RunContext } from './run-context.ts';
import { abortedError } from './wait.ts';

/** A file that came in through a stream. It is gone when it is disposed of; a job that it was submitted for keeps its own. */
export interface ReceivedFile extends FileDigest, AsyncDisposable {
  /** Absolute. Name it in a file field of a submit. */
  readonly path: string;
}

/** How a stream is received. */
export interface ReceiveOptions {
  /** The sender's own name for the file, for people only. Default empty. */
  readonly name?: string;
  /** Size that the sender has announced: room for it is asked for before a byte is read. Default: unknown. */
  readonly announcedBytes?: number;
  /** Default: that of `createMediaJobs`, which also bounds a larger one. */
  readonly maxBytes?: number;
  /** How long the sender may be silent. Default 30,000 ms. */
  readonly stallMs?: number;
  /** Ends it, and the stream. */
  readonly signal?: AbortSignal;
}

/** What is known of received files, by path. */
export type ReceivedFiles = Map<string, FileDigest & { readonly originalName: string }>;

/** See `MediaJobs.receive`. */
export async function receiveFile(context: RunContext, stream: Readable, options: ReceiveOptions = {}): Promise<ReceivedFile> {
  const heard = (): void => undefined;
  // An error that comes before anybody reads must not end the process; reading meets it again.
  stream.on('error', heard);
  try {
    return await receive(context, stream, options);
  } catch (error) {
    stream.destroy();
    throw options.signal?.aborted === true && !MediaJobError.isInstance(error) ? abortedError(error) : error;
  }
}

async function receive({ workFolder, received, closed, clock, maxInputBytes, diskReserveBytes }: RunContext, stream: Readable, { name = '', announcedBytes = 0, maxBytes = maxInputBytes, stallMs, signal }: ReceiveOptions): Promise<ReceivedFile> {
  const most = Math.min(maxBytes, maxInputBytes);
  if (announcedBytes > most) throw tooLarge(announcedBytes, most);
  await requireDiskSpace(workFolder.tempFolder, { bytes: announcedBytes, reserveBytes: diskReserveBytes });
  await using held = new DisposalStack();
  const file = held.use(await workFolder.temp.file({ prefix: 'received' }));
  const ends = signal === undefined ? closed : AbortSignal.any([signal, closed]);
  const digest = await receiveStream(stream, file.path, { maxBytes: most, limitName: 'maxInputBytes', reserveBytes: diskReserveBytes, clock, signal: ends, ...(stallMs === undefined ? {} : { stallMs }) });
  if (digest.bytes === 0) throw new MediaJobError('INPUT_EMPTY', { message: `Expected ${JSON.stringify(name)} to be a file with content, got 0 bytes.`, advice: 'Check that the file was chosen, and that its recording has finished.' });
  received.set(file.path, { ...digest, originalName: name });
  const rest = held.move();
  return Object.freeze({
    path: file.path,
    ...digest,
    async [Symbol.asyncDispose]() {
      received.delete(file.path);
      await rest[Symbol.asyncDispose]();
    },
  });
}

function tooLarge(bytes: number, maxBytes: number): MediaJobError {
  return new MediaJobError('INPUT_TOO_LARGE', { message: `Expected a file of at most ${maxBytes} bytes, got one of ${bytes}.`, advice: 'Send a smaller file, or raise `maxInputBytes`.', facts: { bytes, maxBytes } });
}
