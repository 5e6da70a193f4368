import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect } from 'vitest';

/** What a server says to one request. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A real server on an address of this machine; what lies outside of 127.0.0.1 plays the private network. */
export interface MediaServer {
  readonly host: string;
  readonly port: number;
  url(path?: string): string;
  /** What was asked, as `/path range`. */
  readonly asked: readonly string[];
}

const servers: Server[] = [];

/** Starts a server that answers each request in turn; the last answer repeats. Gone at the end of the suite. */
export async function startServer(answers: readonly Answer[], { host = '127.0.0.1', port = 0 } = {}): Promise<MediaServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.range ?? ''}`.trim());
    answers[Math.min(asked.length, answers.length) - 1]?.(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(port, host, resolve));
  const { port: own } = server.address() as AddressInfo;
  return { host, port: own, url: (path = '/talk.mp4') => `http://${host}:${own}${path}`, asked };
}

/** Ends all servers when the suite ends. */
export function endServersAfterAll(): void {
  afterAll(async () => {
    for (const server of servers) {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    }
    expect(servers.filter(({ listening }) => listening)).toEqual([]);
  });
}

/** A body with its headers. */
export function give(body: Buffer | string, headers: Readonly<Record<string, string>> = {}, status = 200): Answer {
  return (_request, response) => void response.writeHead(status, { 'content-type': 'video/mp4', 'content-length': String(Buffer.byteLength(body)), ...headers }).end(body);
}

export function redirect(location: string, status = 302): Answer {
  return (_request, response) => void response.writeHead(status, { location }).end();
}

/** The file, with ranges and an ETag. `cutAfter` ends the connection so many bytes into the answer. */
export function serveFile(file: Buffer, { cutAfter, etag = '"one"' }: { readonly cutAfter?: number; readonly etag?: string } = {}): Answer {
  return (request, response) => {
    const start = request.headers['if-range'] === etag ? Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0;
    const body = file.subarray(start);
    const range = start > 0 ? { 'content-range': `bytes ${start}-${file.length - 1}/${file.length}` } : {};
    response.writeHead(start > 0 ? 206 : 200, { 'content-type': 'video/mp4', 'content-length': String(body.length), etag, ...range });
    if (cutAfter === undefined) return void response.end(body);
    // What is on its way when a connection ends is lost: it is cut some time after it was written.
    response.write(body.subarray(0, cutAfter), () => void setTimeout(() => response.destroy(), 50));
  };
}
