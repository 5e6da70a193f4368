import type { Readable } from 'node:stream';
import { createLineSplitter } from './line-splitter.ts';

/** What a reader of output has to heed. */
export interface ReadingGate {
  /** The run is decided: what still comes is read, so that nobody blocks, and dropped. */
  readonly decided: Promise<void>;
  isDecided(): boolean;
  /** The listener threw. */
  fail(error: unknown): void;
  /** The listener asks for time. */
  hold(held: boolean): void;
}

/** Reads lines to the end of the stream; all are kept, and given to the listener until the run is decided. */
export function readLines(stream: Readable, keep: (line: string) => void, listen: (line: string) => void, gate: ReadingGate): void {
  const splitter = createLineSplitter((line) => {
    keep(line);
    if (gate.isDecided()) return;
    try {
      listen(line);
    } catch (error) {
      gate.fail(error);
    }
  });
  stream.on('data', splitter.push);
  stream.once('end', splitter.end);
  failOnError(stream, gate);
}

/** Reads chunks one by one; the next one is taken when the listener has done with the last. Resolves at the end of the stream, or when it is cut. */
export async function readChunks(stream: Readable, listen: (chunk: Uint8Array) => void | Promise<void>, gate: ReadingGate): Promise<void> {
  const give = async (chunk: Uint8Array): Promise<void> => {
    gate.hold(true);
    try {
      await Promise.race([listen(chunk), gate.decided]);
    } catch (error) {
      gate.fail(error);
    } finally {
      gate.hold(false);
    }
  };
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) if (!gate.isDecided()) await give(chunk);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') gate.fail(error);
  }
}

function failOnError(stream: Readable, gate: ReadingGate): void {
  stream.on('error', (error) => gate.fail(error));
}
