import { createHash } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { KnownModel } from '../model/known-models.ts';

/** A place on this machine that gives out models, a port of its own. */
export interface ModelServer {
  /** Ends with a slash. */
  source(): string;
  /** Gives out a file; with `stallAfter`, its first answer says nothing more after so many bytes. */
  give(file: string, bytes: Buffer, options?: { readonly stallAfter?: number }): void;
  /** Paths and ranges of the present test. */
  readonly asked: readonly string[];
}

/** What is published about bytes. */
export function publish(name: string, bytes: Buffer): KnownModel {
  return { name, file: `ggml-${name}.bin`, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), sha1: createHash('sha1').update(bytes).digest('hex') };
}

/** A server for the tests of one file. */
export function useModelServer(): ModelServer {
  let asked: string[] = [];
  const files = new Map<string, { readonly bytes: Buffer; stallAfter: number | undefined }>();
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.range ?? ''}`.trim());
    const file = files.get(request.url ?? '');
    if (file === undefined) return void response.writeHead(404).end();
    const { bytes, stallAfter } = file;
    file.stallAfter = undefined;
    answer(response, bytes, Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0), stallAfter);
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => {
    asked = [];
    files.clear();
    server.closeAllConnections();
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => void server.close(resolve));
  });
  return {
    source: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    give: (file, bytes, { stallAfter } = {}) => void files.set(`/${file}`, { bytes, stallAfter }),
    get asked() {
      return asked;
    },
  };
}

function answer(response: ServerResponse, bytes: Buffer, start: number, stallAfter: number | undefined): void {
  const headers = { 'content-length': String(bytes.length - start), etag: '"1"' };
  if (start === 0) response.writeHead(200, headers);
  else response.writeHead(206, { ...headers, 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` });
  if (stallAfter === undefined) response.end(bytes.subarray(start));
  else response.write(bytes.subarray(start, start + stallAfter));
}
