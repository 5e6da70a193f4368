import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';

/** What a server is to say to one request; the last of a script answers all that follow. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on a port of its own that says what a test wants it to. */
export interface FileServer {
  url(path?: string): string;
  /** Sets the answers of the present test, in their order. */
  script(...answers: readonly Answer[]): void;
  /** What was asked so far, as `GET /path range if-range`. */
  readonly asked: readonly string[];
}

/** Bytes that are the same for the same seed, and nowhere alike. */
export function bytesOf(length: number, seed = 1): Buffer {
  const parts: Buffer[] = [];
  for (let block = 0; parts.length * 64 < length; block += 1) parts.push(createHash('sha512').update(`${seed}:${block}`).digest());
  return Buffer.concat(parts).subarray(0, length);
}

export const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

interface Serving {
  /** Closes the connection after so many bytes of the body, as soon as they have arrived: what is still on its way when a connection ends is lost. */
  readonly cutAfter?: number;
  /** How much of the file has arrived. */
  readonly arrived?: () => number;
  /** Says nothing more after so many bytes of the body. */
  readonly stallAfter?: number;
  readonly etag?: string;
  /** Sends all of it, whatever range is asked for. */
  readonly noRanges?: boolean;
  /** Does not tell the length. */
  readonly noLength?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Serves a file as a good server would, apart from what is asked for. */
export function serve(bytes: Buffer, { cutAfter, arrived = () => Infinity, stallAfter, etag, noRanges = false, noLength = false, headers = {} }: Serving = {}): Answer {
  return (request, response) => {
    const range = noRanges ? null : /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    const isFresh = request.headers['if-range'] === undefined || request.headers['if-range'] === etag;
    const start = range !== null && isFresh ? Number(range[1]) : 0;
    if (range !== null && start >= bytes.length) return void response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
    const body = bytes.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, {
      ...(noLength ? {} : { 'content-length': String(body.length) }),
      ...(etag === undefined ? {} : { etag }),
      ...(start > 0 ? { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {}),
      ...headers,
    });
    const until = cutAfter ?? stallAfter;
    if (until === undefined) return void response.end(body);
    response.write(body.subarray(0, until));
    if (cutAfter === undefined) return;
    const poll = setInterval(() => {
      if (arrived() < start + cutAfter) return;
      clearInterval(poll);
      response.destroy();
    }, 2);
  };
}

/** Answers with a status and nothing else. */
export const refuse = (status: number, headers: Readonly<Record<string, string>> = {}): Answer => (_request, response) => void response.writeHead(status, headers).end('no');

/** Leads elsewhere. */
export const redirect = (location: string, status = 302): Answer => refuse(status, { location });

/** A server for the tests of one file; its port is free again at the end. */
export function useFileServer(): FileServer {
  let answers: readonly Answer[] = [];
  let asked: string[] = [];
  const server: Server = createServer((request, response) => {
    const { range = '', 'if-range': validator = '' } = request.headers;
    asked.push(`${request.method} ${request.url} ${range} ${String(validator)}`.trim());
    const answer = answers[Math.min(asked.length, answers.length) - 1];
    if (answer === undefined) return void response.writeHead(500).end();
    answer(request, response);
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => {
    server.closeAllConnections();
    [answers, asked] = [[], []];
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => void server.close(resolve));
    expect(server.listening).toBe(false);
  });
  return {
    url: (path = '/file') => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    script: (...wanted) => void (answers = wanted),
    get asked() {
      return asked;
    },
  };
}
