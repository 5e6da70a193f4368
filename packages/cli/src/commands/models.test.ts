import { createServer } from 'node:http';
import { closeSync, existsSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFakeClock } from '@media-jobs/core/testing';
import { knownModels } from '@media-jobs/whisper';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { TextOutput } from '../command.ts';
import { main } from '../main.ts';

const base = mkdtempSync(join(tmpdir(), 'media-jobs-cli-models-'));
const folder = join(base, 'models');
const asked: string[] = [];
const tiny = knownModels.find(({ name }) => name === 'tiny')?.bytes ?? 0;
/** Says that it has every model, and sends nothing but zeros. */
const server = createServer((request, response) => {
  asked.push(request.url ?? '');
  response.writeHead(200, { 'content-length': String(tiny) });
  response.end(Buffer.alloc(tiny));
});
beforeAll(async () => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
});
beforeEach(() => mkdirSync(folder));
afterEach(() => {
  asked.length = 0;
  rmSync(folder, { recursive: true });
});
afterAll(async () => {
  await new Promise((resolve) => void server.close(resolve));
  rmSync(base, { recursive: true });
});

async function command(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const output = (lines: string[]): TextOutput => ({ isTerminal: false, columns: 100, write: (text) => Promise.resolve(void lines.push(text)) });
  const code = await main(['models', ...words], { stdout: output(out), stderr: output(err), environment: { MEDIA_JOBS_MODELS_FOLDER: folder }, clock: createFakeClock(), signal: new AbortController().signal });
  return { code, out: out.join(''), err: err.join('') };
}

/** A file of the right size that is no model. */
function fake(name: string, bytes: number): string {
  const path = join(folder, `ggml-${name}.bin`);
  const file = openSync(path, 'w');
  ftruncateSync(file, bytes);
  closeSync(file);
  return path;
}

test('the list shows what is there and what can be had, as a table and for programs', async () => {
  const path = fake('tiny', tiny);
  const { code, out } = await command('list');
  expect([code, out.split('\n')[1]]).toEqual([0, expect.stringMatching(/^tiny +installed +77\.7 MB +\S/)]);
  expect(out).toMatch(/^large-v3-turbo +absent +1\.6 GB$/m);
  const listed = JSON.parse((await command('list', '--json')).out) as { folder: string; models: object[] };
  expect(listed.folder).toBe(folder);
  expect(listed.models).toContainEqual({ name: 'tiny', path, state: 'installed', bytes: tiny, publishedBytes: tiny });
});

test('a model that is there is not pulled again; its path is printed', async () => {
  const path = fake('tiny', tiny);
  expect(await command('pull', 'tiny')).toEqual({ code: 0, out: `${path}\n`, err: '' });
  expect(asked).toEqual([]);
});

test('a pull tells how far it is, line by line where there is no terminal, and refuses wrong bytes', async () => {
  const { code, out, err } = await command('pull', 'tiny', '--source', `http://127.0.0.1:${(server.address() as AddressInfo).port}/there`);
  expect([code, out]).toEqual([1, '']);
  expect(asked).toEqual(['/there/ggml-tiny.bin']);
  expect(err).toMatch(/tiny: 0 % of 77\.7 MB\n[^]*tiny: 100 % of 77\.7 MB\nmedia-jobs: Expected a file of sha256 be07/);
  expect(existsSync(join(folder, 'ggml-tiny.bin'))).toBe(false);
});

test('verify names what is wrong and ends with 1', async () => {
  fake('tiny', tiny);
  const { code, out } = await command('verify');
  expect([code, out]).toEqual([1, expect.stringMatching(/^tiny: wrong\. Expected sha256 be07/)]);
  expect(await command('verify', 'base')).toMatchObject({ code: 1, err: expect.stringContaining('media-jobs models pull base (148 MB)'.replace('base (', 'base` (')) as string });
});

test('rm takes one, or all with their unfinished downloads', async () => {
  for (const name of ['tiny', 'base', 'small']) fake(name, 1000);
  writeFileSync(join(folder, '.ggml-medium.bin.part'), 'x'.repeat(500));
  expect(await command('rm', 'tiny')).toEqual({ code: 0, out: '1 model removed, 1.0 kB freed.\n', err: '' });
  expect(await command('rm', '--all')).toEqual({ code: 0, out: '2 models removed, 2.5 kB freed.\n', err: '' });
});

test.each([['pull'], ['rm'], ['rm', 'tiny', '--all'], ['list', 'tiny'], ['fetch', 'tiny'], ['pull', 'tyni']])('`models %s %s` is refused as wrong usage', async (...words) => {
  expect(await command(...words.filter((word) => word !== undefined))).toMatchObject({ code: 2, out: '' });
});
