import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { newEpoch, newToken, type FileStore, type StoredFile } from '@media-jobs/core';
import { createFakeClock } from '@media-jobs/core/testing';
import { silentLogger, systemClock } from '@media-jobs/foundation';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fetchStored, partOf, type FetchStoredOptions } from './fetch-stored.ts';
import { cutAfter } from './testing/faulty-file-store.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'media-jobs-fetch-stored-'));
});

afterAll(async () => {
  const left = (await readdir(folder, { recursive: true })).filter((path) => path.endsWith('.part'));
  await rm(folder, { recursive: true });
  expect(left).toEqual([]);
});

const content = randomBytes(1_000_000);
const file: StoredFile = { folder: `jobs/${newEpoch(0)}/mj_a/${newToken()}`, sha256: createHash('sha256').update(content).digest('hex'), bytes: content.length };
const target = (): string => join(folder, newToken(), 'nested', 'file.bin');

/** A store that gives this out; each answer is told from where it is asked for. */
function giving(answer: (start: number, number: number) => Readable): { readonly store: FileStore; readonly starts: number[] } {
  const starts: number[] = [];
  const open: FileStore['open'] = async (_file, start, { signal } = {}) => {
    const stream = answer(start, starts.push(start));
    signal?.addEventListener('abort', () => stream.destroy(signal.reason as Error), { once: true });
    return stream;
  };
  return { store: { open } as FileStore, starts };
}

const options = (store: FileStore, more: Partial<FetchStoredOptions> = {}): FetchStoredOptions =>
  ({ store, clock: systemClock, logger: silentLogger, random: () => 0, reserveBytes: 0, signal: new AbortController().signal, ...more });

/** Gives so many bytes, and then neither more nor an end. */
function silentAfter(bytes: number): Readable {
  const pieces = [content.subarray(0, bytes)];
  return new Readable({
    read() {
      const piece = pieces.pop();
      if (piece !== undefined) this.push(piece);
    },
  });
}

const from = (start: number): Readable => Readable.from([content.subarray(start)]);

test('what an earlier process has fetched is not fetched again', async () => {
  const path = target();
  const { store, starts } = giving((start) => cutAfter(from(start), 300_000));
  const gaveUp = new AbortController();
  const fetching = fetchStored(options(store, { signal: gaveUp.signal, random: () => 1 }), file, path);
  await expect.poll(() => readFile(partOf(file, path)).then(({ length }) => length, () => 0)).toBe(300_000);
  gaveUp.abort();
  await expect(fetching).rejects.toMatchObject({ code: 'ABORTED' });
  const later = giving(from);
  await fetchStored(options(later.store), file, path);
  expect([starts, later.starts]).toEqual([[0], [300_000]]);
  expect((await readFile(path)).equals(content)).toBe(true);
});

test('a part that belongs to another content is found out by the digest, and the whole is fetched', async () => {
  const path = target();
  await fetchStored(options(giving(from).store), file, path);
  await rm(path);
  await writeFile(partOf(file, path), Buffer.alloc(500_000));
  const { store, starts } = giving(from);
  await fetchStored(options(store), file, path);
  expect(starts).toEqual([500_000, 0]);
  expect((await readFile(path)).equals(content)).toBe(true);
});

test('a store that brings nothing five times in a row is away; each time that it brings something counts anew', async () => {
  const path = target();
  const { store, starts } = giving((start, number) => (number <= 8 && number % 4 !== 0 ? cutAfter(from(start), 0) : cutAfter(from(start), 250_000)));
  await fetchStored(options(store), file, path).catch(() => undefined);
  expect(starts.length).toBeGreaterThan(8);
  const away = giving(() => new Readable({ read() { this.destroy(new Error('ECONNREFUSED')); } }));
  await rm(partOf(file, path), { force: true });
  await expect(fetchStored(options(away.store), file, path)).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE' });
  expect(away.starts).toEqual([0, 0, 0, 0, 0]);
  await rm(partOf(file, path));
});

test('a store that says nothing more in the middle of a file is asked again after half a minute', async () => {
  const path = target();
  const clock = createFakeClock();
  const { store, starts } = giving((start, number) => (number > 1 ? from(start) : silentAfter(100_000)));
  const fetching = fetchStored(options(store, { clock }), file, path);
  await expect.poll(() => clock.pending).toBe(1);
  await expect.poll(async () => {
    await clock.advance(30_000);
    return starts.length;
  }).toBe(2);
  await fetching;
  expect([starts, (await readFile(path)).equals(content)]).toEqual([[0, 100_000], true]);
});

test('more than there should be is no file of ours', async () => {
  const path = target();
  const { store } = giving(() => Readable.from([content, Buffer.from('more')]));
  await expect(fetchStored(options(store), file, path)).rejects.toMatchObject({ code: 'FILE_MISMATCH' });
});
