import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A connection on which a request is written byte by byte, as no well-behaved client does. */
export interface RawRequest extends Disposable {
  readonly socket: Socket;
  write(text: string | Uint8Array): void;
  /** What has been answered so far. */
  readonly answered: () => string;
  /** Resolves with all that was answered when it contains this. */
  until(text: string): Promise<string>;
  /** Resolves with all that was answered, when the server has ended the connection. */
  ended(): Promise<string>;
}

/** Opens one. */
export async function openRawRequest(port: number): Promise<RawRequest> {
  const socket = connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  let text = '';
  socket.on('data', (chunk: Buffer) => void (text += chunk.toString('latin1')));
  // A connection that the server resets is an answer of its own.
  const failed: Error[] = [];
  socket.on('error', (error) => failed.push(error));
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return {
    socket,
    write: (bytes) => void socket.write(bytes),
    answered: () => text,
    async until(wanted) {
      while (!text.includes(wanted)) {
        if (socket.destroyed) throw new Error(`Expected ${JSON.stringify(wanted)} in the answer, got ${JSON.stringify(text)} and the end of the connection.`);
        await Promise.race([once(socket, 'data'), closed]);
      }
      return text;
    },
    async ended() {
      await closed;
      return text;
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

/** The start of a form with one file, and the bytes that end it. */
export function formParts(name = 'talk.wav', field = 'file'): { readonly type: string; readonly head: string; readonly tail: string } {
  const border = 'media-jobs-border';
  return {
    type: `multipart/form-data; boundary=${border}`,
    head: `--${border}\r\ncontent-disposition: form-data; name="${field}"; filename="${name}"\r\ncontent-type: application/octet-stream\r\n\r\n`,
    tail: `\r\n--${border}--\r\n`,
  };
}
