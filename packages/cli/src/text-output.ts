import type { Writable } from 'node:stream';
import type { TextOutput } from './command.ts';

/** A stream of the process, as far as it is needed here. */
export type OutputStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Codes of a reader that has gone, such as `head`: no fault of ours, and nobody to tell. */
const readerGone: ReadonlySet<string | undefined> = new Set(['EPIPE', 'ERR_STREAM_DESTROYED', 'ECONNRESET']);

/** Where the stream does not know: a file, or a terminal without a size. */
const usualColumns = 80;

/** Writes to a stream and waits for it. A reader that has gone away is not an error; any other fault of the stream is. */
export function textOutput(stream: OutputStream): TextOutput {
  // Without a listener the stream's error would end the process; each write below is told of it anyhow.
  stream.on('error', () => undefined);
  return {
    isTerminal: stream.isTTY === true,
    columns: stream.columns === undefined || stream.columns === 0 ? usualColumns : stream.columns,
    write: (text) =>
      new Promise((resolve, reject) => {
        stream.write(text, (error) => {
          if (error === null || error === undefined || readerGone.has((error as NodeJS.ErrnoException).code)) return resolve();
          reject(error);
        });
      }),
  };
}
