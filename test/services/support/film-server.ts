import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { talk } from '../../command/run-command.ts';

/** A web server with films: any name that ends in `.mkv` is the fixture film, each a little quieter than the one before, so that each has bytes and samples of its own. */
export interface FilmServer extends AsyncDisposable {
  readonly url: (name: string) => string;
  /** How often a film was asked for. */
  readonly requests: (name: string) => number;
  /** Films that are begun from now on come to a halt in their middle until this is disposed. */
  readonly halt: () => Disposable;
}

/** Starts one on a free port of this machine. */
export async function openFilmServer(): Promise<FilmServer> {
  const folder = await mkdtemp(join(tmpdir(), 'media-jobs-films-'));
  const counts = new Map<string, number>();
  const films = new Map<string, Promise<Buffer>>();
  let halted: Promise<void> | undefined;
  const server = createServer((request, response) => void serve((request.url ?? '').slice(1), response));
  const serve = async (name: string, response: ServerResponse): Promise<void> => {
    counts.set(name, (counts.get(name) ?? 0) + 1);
    const film = films.get(name) ?? makeFilm(folder, name, films.size);
    films.set(name, film);
    const bytes = await film;
    response.writeHead(200, { 'content-type': 'video/x-matroska', 'content-length': bytes.length });
    response.write(bytes.subarray(0, bytes.length / 2));
    await halted;
    response.end(bytes.subarray(bytes.length / 2));
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: (name) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`,
    requests: (name) => counts.get(name) ?? 0,
    halt() {
      const { promise, resolve } = Promise.withResolvers<void>();
      halted = promise;
      return { [Symbol.dispose]: () => { halted = undefined; resolve(); } };
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function makeFilm(folder: string, name: string, quieter: number): Promise<Buffer> {
  const file = join(folder, name);
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-i', talk, '-c:v', 'copy', '-c:a', 'pcm_s16le', '-af', `volume=${-0.1 * quieter}dB`, file]);
  return readFile(file);
}
