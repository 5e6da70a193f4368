import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createUploadBook, type UploadBook } from './upload-book.ts';

/** What the front does to answers with a body of a file. */
export type Fault =
  /** Passes so many bytes, then ends the connection. */
  | { readonly do: 'cut'; readonly afterBytes: number }
  /** Passes so many bytes, then nothing more. */
  | { readonly do: 'stall'; readonly afterBytes: number }
  /** Ends the connection of every request, as a server does that is away. */
  | { readonly do: 'refuse' };

/** A proxy before an S3 server: it knows the unfinished uploads, which the server does not list, and it can fail. */
export interface S3Front extends AsyncDisposable {
  readonly url: string;
  /** Faults of the answers to come, one each; those after them are sound. A `refuse` stays until the list is replaced. */
  faults: Fault[];
  /** Method, path and range of all requests so far. */
  readonly seen: string[];
  readonly uploads: UploadBook;
}

/** Starts the proxy. Nothing of the protocol is made up but the list of uploads: each is one that the server began and has neither completed nor ended. */
export async function startS3Front(serverPort: number): Promise<S3Front> {
  const uploads = createUploadBook();
  const front = { faults: [] as Fault[], seen: [] as string[], uploads };
  const server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? '/', 'http://front');
    front.seen.push([incoming.method, url.pathname, incoming.headers.range ?? ''].join(' ').trim());
    if (front.faults[0]?.do === 'refuse') return void incoming.socket.destroy();
    if (incoming.method === 'GET' && url.searchParams.has('uploads')) return void outgoing.setHeader('content-type', 'application/xml').end(uploads.list(url));
    const onward = request({ port: serverPort, host: '127.0.0.1', method: incoming.method, path: incoming.url, headers: incoming.headers }, (answer) => void pass(front, incoming, url, answer, outgoing));
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return Object.assign(front, {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}

async function pass(front: Pick<S3Front, 'faults' | 'uploads'>, { method }: IncomingMessage, url: URL, answer: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
  if (method === 'POST') {
    const body = await text(answer);
    front.uploads.note(url, answer.statusCode ?? 0, body);
    return void outgoing.end(body);
  }
  if (method === 'DELETE') front.uploads.ended(url);
  const isFile = method === 'GET' && !url.searchParams.has('list-type');
  const fault = isFile ? front.faults.shift() : undefined;
  if (fault === undefined || fault.do === 'refuse') return void answer.pipe(outgoing);
  let left = fault.afterBytes;
  for await (const chunk of answer) {
    const piece = (chunk as Buffer).subarray(0, left);
    left -= piece.length;
    await new Promise<void>((resolve) => void outgoing.write(piece, () => resolve()));
    if (left === 0) return fault.do === 'cut' ? void outgoing.destroy() : void answer.resume();
  }
}
