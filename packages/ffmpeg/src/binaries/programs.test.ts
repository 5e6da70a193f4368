import { chmodSync, cpSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { createFfmpeg } from '../ffmpeg.ts';
import { neededFilters } from './doctor.ts';
import { resolveOptions, type FfmpegOptions } from '../options.ts';
import { createWorkbench, failure } from '../testing/workbench.ts';
import { createPrograms, type Programs } from './programs.ts';
import { installAdvice } from './locate.ts';

const bench = createWorkbench();
afterAll(() => {
  expect(bench.survivors()).toEqual([]);
  bench[Symbol.dispose]();
});

/** A program of that name in a folder of that name, which answers with a version. */
function program(folder: string, name: 'ffmpeg' | 'ffprobe', version = '7.1', mode = 0o755): string {
  mkdirSync(bench.path(folder), { recursive: true });
  const file = bench.path(`${folder}/${name}`);
  writeFileSync(file, `#!/bin/sh\necho '${name} version ${version} Copyright (c) 2000-2026 the FFmpeg developers'\n`);
  chmodSync(file, mode);
  return file;
}

const notInstalled = async (name: string): Promise<never> => {
  throw Object.assign(new Error(`Cannot find package '${name}'`), { code: 'ERR_MODULE_NOT_FOUND' });
};
const programs = (options: FfmpegOptions, packages: Readonly<Record<string, unknown>> = {}): Programs =>
  createPrograms(resolveOptions({ searchPath: '', cacheFolder: bench.path('cache'), ...options }), async (name) => packages[name] ?? notInstalled(name));

describe('the order of places', () => {
  const given = program('given', 'ffmpeg', '7.9');
  const onPath = program('bin', 'ffmpeg', '6.1');
  const bundled = program('static', 'ffmpeg', '6.0');
  const installed = program('installer', 'ffmpeg', '4.1');
  const packages = { 'ffmpeg-static': { default: bundled }, '@ffmpeg-installer/ffmpeg': { default: { path: installed } } };

  test('a path that was given comes first, then ffmpeg-static, PATH, and the installer', async () => {
    const order: [FfmpegOptions, object, string][] = [
      [{ binaries: { ffmpeg: given }, searchPath: dirname(onPath) }, packages, given],
      [{ searchPath: dirname(onPath) }, packages, bundled],
      [{ searchPath: dirname(onPath) }, { '@ffmpeg-installer/ffmpeg': { path: installed } }, onPath],
      [{}, { '@ffmpeg-installer/ffmpeg': { path: installed } }, installed],
    ];
    for (const [options, available, path] of order) expect((await programs(options, { ...available }).find('ffmpeg', {})).path).toBe(path);
  });

  test('a path that was given and does not work is an error, not a wish', async () => {
    const error = await failure(programs({ binaries: { ffmpeg: bench.path('nothing') }, searchPath: dirname(onPath) }).find('ffmpeg', {}));
    expect(error.code).toBe('PROGRAM_NOT_FOUND');
    expect(error.message).toContain('nothing');
  });

  test('the sibling of the one that was found comes before the rest', async () => {
    const sibling = program('given', 'ffprobe', '7.9');
    program('bin', 'ffprobe', '6.1');
    const found = programs({ binaries: { ffmpeg: given }, searchPath: bench.path('bin') });
    await found.find('ffmpeg', {});
    expect((await found.find('ffprobe', {})).path).toBe(sibling);
  });

  test('a program that does not start, hangs, or is another, is passed over', async () => {
    program('broken', 'ffmpeg', '9.9', 0o644);
    mkdirSync(bench.path('other'));
    cpSync('/bin/true', bench.path('other/ffmpeg'));
    const searchPath = ['broken', 'missing', 'other', 'bin'].map((name) => bench.path(name)).join(':');
    expect((await programs({ searchPath }).find('ffmpeg', {})).path).toBe(onPath);
  });

  test('what was found is asked for its version once', async () => {
    const log = bench.path('calls');
    const counting = bench.script('counting/../ffmpeg', `#!/bin/sh\necho x >> ${log}\necho 'ffmpeg version 7.1 Copyright'\n`);
    const found = programs({ binaries: { ffmpeg: counting } });
    for (let call = 0; call < 3; call += 1) await found.find('ffmpeg', {});
    expect(statSync(log).size).toBe(2);
    await found.findAgain('ffmpeg', {});
    expect(statSync(log).size).toBe(4);
  });
});

test('when there is none, each place is named with its reason, and how to install it', async () => {
  const error = (await failure(programs({ searchPath: '/nonexistent:/also' }, { 'ffmpeg-static': { default: bench.path('gone') } }).find('ffmpeg', {}))) as { facts: object; message: string; advice?: string };
  expect(error.message).toMatch(/ffmpeg-static.*PATH \(2 folders\).*@ffmpeg-installer\/ffmpeg/);
  expect(error.advice).toBe(installAdvice());
  for (const [platform, hint] of [['linux', 'apt-get'], ['darwin', 'brew'], ['win32', 'winget'], ['plan9', 'package manager']]) expect(installAdvice(platform)).toContain(hint);
});

describe('a program without its run bit', () => {
  test('is given it', async () => {
    const file = program('package', 'ffprobe', '6.0', 0o644);
    expect((await programs({}, { '@ffprobe-installer/ffprobe': { path: file } }).find('ffprobe', {})).path).toBe(file);
    expect(statSync(file).mode & 0o777).toBe(0o755);
  });

  test('is copied where it may not be changed, once', () => {
    const file = program('readonly', 'ffprobe', '6.0', 0o644);
    mkdirSync(bench.path('theirs'), { mode: 0o777 });
    chmodSync(bench.path('theirs'), 0o777);
    chmodSync(bench.folder, 0o755);
    const code = `const { withRunBit } = await import(${JSON.stringify(fileURLToPath(new URL('run-bit.ts', import.meta.url)))});
      const call = () => withRunBit(${JSON.stringify(file)}, ${JSON.stringify(bench.path('theirs/cache'))});
      console.log(await call() === await call(), await call());`;
    const args = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, '--input-type=module', '--eval', code];
    const [same, copy = ''] = execFileSync('setpriv', args, { encoding: 'utf8' }).trim().split(' ');
    expect(same).toBe('true');
    expect(copy.startsWith(bench.path('theirs/cache/ffprobe-'))).toBe(true);
    expect(statSync(copy).mode & 0o777).toBe(0o755);
    expect(statSync(join(bench.path('theirs'), 'cache')).mode & 0o777).toBe(0o700);
  });
});

describe('doctor', () => {
  test('says where the real programs are, and that nothing is missing', async () => {
    const report = await createFfmpeg().doctor();
    expect(report).toEqual(expect.objectContaining({ ok: true, missingFilters: [], missingEncoders: [], warnings: [] }));
    expect(report.ffmpeg.version).toMatch(/^\d/);
    expect(report.ffprobe.path).toContain('ffprobe');
  });

  test('names what a build lacks, warns of an old one, and says what to do', async () => {
    const old = bench.script('old', `#!/bin/sh\ncase "$*" in -version) echo 'ffmpeg version 4.1 Copyright';; *) echo ' T.C aresample A->A x'; echo ' ... pan A->A x';; esac\n`);
    const report = await createFfmpeg({ binaries: { ffmpeg: old, ffprobe: bench.path('none') } }).doctor();
    expect(report.ok).toBe(false);
    expect(report.missingFilters).toEqual(['aformat', 'highpass']);
    expect(report.ffmpeg).toEqual(expect.objectContaining({ ok: false, advice: expect.any(String) }));
    expect(report.ffprobe).toEqual(expect.objectContaining({ ok: false, advice: expect.stringContaining('binaries') }));
    expect(report.missingEncoders).toEqual(expect.arrayContaining(['pcm_s16le', 'libmp3lame']));
    expect(report.warnings.map(({ code }) => code)).toEqual(['OLD_BINARY', 'FILTERS_MISSING', 'FILTERS_MISSING', 'ENCODERS_MISSING']);
  });

  test('names the codecs that a build cannot write, and is content with what can be done without them', async () => {
    const lists = { filters: [...neededFilters, 'loudnorm'], encoders: ['pcm_s16le', 'pcm_s24le', 'pcm_f32le', 'flac', 'alac', 'aac'] };
    const small = bench.script('small', `#!/bin/sh\ncase "$*" in -version) echo 'ffmpeg version 7.1 Copyright';; *-filters) ${lists.filters.map((name) => `echo ' ... ${name} A->A x'`).join(';')};; *) ${lists.encoders.map((name) => `echo ' A....D ${name} x'`).join(';')};; esac\n`);
    const report = await createFfmpeg({ binaries: { ffmpeg: small, ffprobe: (await createFfmpeg().doctor()).ffprobe.path ?? '' } }).doctor();
    expect(report).toEqual(expect.objectContaining({ ok: true, missingFilters: [], missingEncoders: ['libmp3lame', 'libopus', 'libvorbis'] }));
    expect(report.warnings).toEqual([
      { code: 'FILTERS_MISSING', message: expect.stringContaining('`denoise` fails') },
      { code: 'ENCODERS_MISSING', message: expect.stringContaining('mp3 (it lacks the encoder libmp3lame), opus (it lacks the encoder libopus), vorbis') },
    ]);
  });

  test('health checks look each time, and never throw', async () => {
    const file = program('health', 'ffmpeg');
    const [check] = createFfmpeg({ binaries: { ffmpeg: file } }).healthChecks;
    expect(await check?.check(AbortSignal.timeout(5_000))).toEqual({ ok: true, detail: `7.1 at ${file}` });
    chmodSync(file, 0o644);
    expect(await check?.check(AbortSignal.timeout(5_000))).toEqual(expect.objectContaining({ ok: false }));
    expect(await check?.check(AbortSignal.abort())).toEqual(expect.objectContaining({ ok: false }));
  });
});
