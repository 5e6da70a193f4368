import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { resetAll, type Resettable } from '@media-jobs/cleanup';
import { createModels, knownModels, type Models, type ModelsOptions } from '@media-jobs/whisper';
import { publish, useModelServer } from '../testing/model-server.ts';
import { seededRandom } from '../testing/random.ts';
import { scriptedModel } from '../testing/scripted-model.ts';
import { testFolder } from '../testing/test-folder.ts';

const root = testFolder();
const server = useModelServer();
const random = seededRandom(7);
const small = Buffer.from(Uint8Array.from({ length: 400_000 }, () => random() * 256));
const model = publish('little', small);
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0).filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
});

const newFolder = (): string => join(mkdtempSync(join(root, 'models-')), 'models');
const modelsIn = (folder: string, options: Partial<ModelsOptions> = {}): Models => createModels({ folder, sources: [server.source()], known: [model], transfer: { reserveBytes: 0, random: () => 0 }, ...options });
const filesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);

interface Puller {
  readonly child: ChildProcess;
  readonly next: () => Promise<Record<string, unknown>>;
  readonly ended: Promise<unknown>;
}

function pullElsewhere(folder: string): Puller {
  const program = fileURLToPath(new URL('../testing/pull-model.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@media-jobs/source', program, folder, server.source(), JSON.stringify(model)], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, next: async () => JSON.parse((await lines.next()).value as string) as Record<string, unknown>, ended: once(child, 'close') };
}

test('the table names each published model once, with its size and its checksums', () => {
  expect(new Set(knownModels.map(({ name }) => name)).size).toBe(knownModels.length);
  expect(new Set(knownModels.map(({ sha256 }) => sha256)).size).toBe(knownModels.length);
  for (const { file, bytes, sha256, sha1 } of knownModels) expect([file, bytes, sha256, sha1 ?? 'f'.repeat(40)]).toEqual([expect.stringMatching(/^ggml-[a-z0-9.-]+(?:_\d)?\.bin$/), expect.any(Number), expect.stringMatching(/^[0-9a-f]{64}$/), expect.stringMatching(/^[0-9a-f]{40}$/)]);
  expect(knownModels.filter(({ sha1 }) => sha1 !== undefined)).toHaveLength(15);
});

test('a model is fetched once, is whole, and its checksum is known from then on', async () => {
  server.give(model.file, small);
  const folder = newFolder();
  const models = modelsIn(folder);
  const progress: number[] = [];
  const path = await models.pull('little', { onProgress: ({ bytes }) => progress.push(bytes) });
  expect([path, await models.pull('little')]).toEqual([join(folder, model.file), join(folder, model.file)]);
  expect(readFileSync(path).equals(small)).toBe(true);
  expect(progress.at(-1)).toBe(small.length);
  expect(server.asked).toEqual([`/${model.file}`]);
  expect(filesIn(folder)).toEqual([`.${model.file}.digest`, model.file]);
});

test('another source is asked when the first does not have it', async () => {
  server.give(`mirror/${model.file}`, small);
  await modelsIn(newFolder(), { sources: [`${server.source()}gone`, `${server.source()}mirror`] }).pull('little');
  expect(server.asked).toEqual([`/gone/${model.file}`, `/mirror/${model.file}`]);
});

test('wrong bytes are refused, and nothing of them stays', async () => {
  server.give(model.file, Buffer.alloc(small.length));
  const folder = newFolder();
  await expect(modelsIn(folder).pull('little')).rejects.toMatchObject({ code: 'DOWNLOAD_MISMATCH' });
  expect(filesIn(folder)).toEqual([]);
});

test('of two processes that want a model at the same time one downloads it and the other waits', async () => {
  server.give(model.file, small, { stallAfter: 100_000 });
  const folder = newFolder();
  const first = pullElsewhere(folder);
  while ((await first.next())['bytes'] !== 100_000);
  const waited: number[] = [];
  const second = modelsIn(folder).pull('little', { onWait: ({ pid }) => { waited.push(pid ?? 0); first.child.kill('SIGKILL'); } });
  // The first is killed while it holds the lock: its lock passes on at once, and what it has brought is gone on with.
  await expect(second).resolves.toBe(join(folder, model.file));
  expect(waited).toEqual([first.child.pid]);
  expect(server.asked).toEqual([`/${model.file}`, `/${model.file} bytes=100000-`]);
  expect(readFileSync(join(folder, model.file)).equals(small)).toBe(true);
  expect(filesIn(folder)).toEqual([`.${model.file}.digest`, model.file]);
});

test('three processes at once cause one download', async () => {
  server.give(model.file, small);
  const folder = newFolder();
  const pullers = [pullElsewhere(folder), pullElsewhere(folder), pullElsewhere(folder)];
  await Promise.all(pullers.map(({ ended }) => ended));
  expect(pullers.map(({ child }) => child.exitCode)).toEqual([0, 0, 0]);
  expect(server.asked).toEqual([`/${model.file}`]);
});

test('the list tells what is there, what has begun, what has the wrong size, and what has no name', async () => {
  const folder = newFolder();
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'my-own.bin'), 'abc');
  writeFileSync(join(folder, 'notes.txt'), 'abc');
  writeFileSync(join(folder, '.ggml-tiny.bin.part'), 'abcd');
  writeFileSync(join(folder, 'ggml-base.bin'), 'abcde');
  const listed = await modelsIn(folder).list();
  expect(listed.filter(({ state, name }) => state !== 'absent' || name === 'little')).toEqual([
    { name: 'tiny', path: join(folder, 'ggml-tiny.bin'), state: 'partial', bytes: 4, publishedBytes: 77_691_713 },
    { name: 'base', path: join(folder, 'ggml-base.bin'), state: 'damaged', bytes: 5, publishedBytes: 147_951_465 },
    { name: 'little', path: join(folder, model.file), state: 'absent', bytes: 0, publishedBytes: small.length },
    { name: null, path: join(folder, 'my-own.bin'), state: 'installed', bytes: 3, publishedBytes: null },
  ]);
});

test('a folder that is not there has no models, and asking does not make it', async () => {
  const folder = newFolder();
  const models = modelsIn(folder);
  expect((await models.list()).every(({ state }) => state === 'absent')).toBe(true);
  expect([await models.remove('little'), await models.removeAll()]).toEqual(Array.from({ length: 2 }, () => ({ models: 0, files: 0, bytes: 0, errors: [] })));
  await expect(models.verify('little')).rejects.toMatchObject({ code: 'MODEL_MISSING', advice: expect.stringContaining('media-jobs models pull little') as string });
  expect(existsSync(folder)).toBe(false);
});

test('a model of another size than the published one is fetched anew', async () => {
  server.give(model.file, small);
  const folder = newFolder();
  const models = modelsIn(folder);
  truncateSync(await models.pull('little'), 1000);
  await models.pull('little');
  expect(readFileSync(models.path('little')).equals(small)).toBe(true);
});

test('verification reads every byte, whatever is remembered, and knows what is no model at all', async () => {
  const real = scriptedModel();
  const scripted = publish('scripted', real);
  server.give(model.file, small);
  server.give(scripted.file, real);
  const models = modelsIn(newFolder(), { known: [model, scripted] });
  for (const name of ['little', 'scripted']) await models.pull(name);
  expect(await models.verify('scripted')).toMatchObject({ ok: true, compared: ['bytes', 'sha256', 'sha1'], problem: null, sha256: scripted.sha256 });
  expect(await models.verify('little')).toMatchObject({ ok: false, problem: expect.stringContaining('ggml') as string });
  real[real.length - 1] = 1;
  writeFileSync(models.path('scripted'), real);
  expect(await models.verify('scripted')).toMatchObject({ ok: false, problem: expect.stringContaining('sha256') as string });
});

test('removing takes a model, its checksum and what is left of its download', async () => {
  server.give(model.file, small);
  const folder = newFolder();
  const models = modelsIn(folder);
  await models.pull('little');
  writeFileSync(join(folder, `.${model.file}.part`), 'ab');
  expect(await models.remove('little')).toMatchObject({ models: 1, files: 3, errors: [] });
  expect(filesIn(folder)).toEqual([]);
});

test('removing all takes every model and leaves other files; one that is being downloaded is named', async () => {
  server.give(model.file, small, { stallAfter: 1000 });
  const folder = newFolder();
  mkdirSync(folder, { recursive: true });
  for (const name of ['ggml-base.bin', 'ggml-my-own.bin', '.ggml-tiny.bin.part', '.ggml-tiny.bin.part.json', 'notes.txt', '.0123456789abcdef0123456789abcdef.digest']) writeFileSync(join(folder, name), 'abc');
  const first = pullElsewhere(folder);
  await first.next();
  const removed = await modelsIn(folder).removeAll();
  expect(removed).toMatchObject({ models: 2, files: 5, bytes: 15, errors: [{ path: join(folder, model.file), reason: expect.stringContaining(String(first.child.pid)) as string }] });
  first.child.kill('SIGKILL');
  await first.ended;
  expect(await modelsIn(folder).removeAll()).toMatchObject({ models: 0, errors: [] });
  expect(filesIn(folder)).toEqual(['notes.txt']);
});

test('a reset takes models when it is asked to, and never one that was fetched after it began', async () => {
  server.give(model.file, small);
  const folder = newFolder();
  const models = modelsIn(folder);
  await models.pull('little');
  writeFileSync(join(folder, 'ggml-base.bin'), 'abc');
  expect(await resetAll([models], { level: 'deep' })).toMatchObject({ ok: true, modelsDeleted: 0 });
  const meanwhile: Resettable = { name: 'meanwhile', kind: 'files', collect: async () => { await models.remove('base'); writeFileSync(join(folder, 'ggml-base.bin'), 'abcd'); }, count: () => Promise.resolve({ count: 0, listed: [] }) };
  expect(await resetAll([meanwhile, models], { level: 'deep', models: true })).toMatchObject({ ok: true, modelsDeleted: 1, bytesFreed: expect.any(Number) as number, left: 0 });
  expect(filesIn(folder)).toEqual(['ggml-base.bin']);
  expect(await resetAll([models], { level: 'basic', models: true })).toMatchObject({ ok: true, modelsDeleted: 1 });
  expect(filesIn(folder)).toEqual([]);
});

test.each<[string, Partial<ModelsOptions>]>([
  ['folder', { folder: '' }], ['sources', { sources: [] }], ['sources', { sources: ['ftp://x/'] }], ['known', { known: [{ name: 'a/b', file: 'a.bin' }] }], ['known', { known: [{ name: 'a', file: '../a.bin' }] }], ['known', { known: [{ name: 'a', file: '.a.bin' }] }],
])('a wrong `%s` is refused', (option, wrong) => {
  expect(() => modelsIn(newFolder(), wrong)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', facts: { option } }));
});

test('an unknown name is refused with all that are known', async () => {
  await expect(modelsIn(newFolder()).pull('bse.en')).rejects.toMatchObject({ code: 'INVALID_OPTION', advice: expect.stringContaining('base.en') as string });
});
