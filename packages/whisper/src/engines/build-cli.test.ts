import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildWhisperCli } from '@media-jobs/whisper';
import { expect, test, vi } from 'vitest';
import { testFolder } from '../testing/test-folder.ts';

// A machine that is busy with other things is slow, not wrong.
vi.setConfig({ testTimeout: 300_000 });

const folder = testFolder();
const newFolder = (): string => mkdtempSync(join(folder, 'engines-'));

/** Sources of a program that knows its version and nothing else, built by the same cmake in a second. */
function sources(name: string, main: string): string {
  const place = join(folder, name);
  mkdirSync(place);
  writeFileSync(join(place, 'CMakeLists.txt'), `cmake_minimum_required(VERSION 3.10)
project(stand_in C)
add_executable(whisper-cli main.c)
set_target_properties(whisper-cli PROPERTIES RUNTIME_OUTPUT_DIRECTORY \${CMAKE_BINARY_DIR}/bin)
`);
  writeFileSync(join(place, 'main.c'), main);
  return place;
}

const sound = sources('sound', '#include <stdio.h>\nint main(void) { puts("whisper.cpp version: 1.9.1"); return 0; }\n');

test('whisper-cli is built once, with rising progress; whoever asks meanwhile or later gets the same, and nothing else stays', async () => {
  const place = newFolder();
  const progress: number[] = [];
  const [first, second] = await Promise.all([buildWhisperCli({ folder: place, sources: sound, onProgress: (ratio) => progress.push(ratio) }), buildWhisperCli({ folder: place, sources: sound })]);
  expect([first, second].filter(({ built }) => built)).toHaveLength(1);
  const later = await buildWhisperCli({ folder: place, sources: join(folder, 'nowhere') });
  expect(later).toEqual({ command: first.command, version: '1.9.1', built: false });
  expect(execFileSync(later.command, { encoding: 'utf8' })).toContain('1.9.1');
  expect(progress).toEqual([...progress].sort((one, other) => one - other));
  if (first.built) expect(progress.at(-1)).toBe(1);
  expect([readdirSync(place).filter((name) => !name.endsWith('.lock')), readdirSync(dirname(later.command))]).toEqual([[expect.stringMatching(/^whisper-cli-1\.9\.1-cpu-/) as string], ['whisper-cli']]);
});

test('sources that do not compile are an engine that is not there, with what to install, and leave nothing', async () => {
  const place = newFolder();
  await expect(buildWhisperCli({ folder: place, sources: sources('broken', 'int main(void) { return nonsense; }\n') })).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE', advice: expect.stringContaining('apt-get install cmake') as string });
  expect(readdirSync(place).filter((name) => !name.endsWith('.lock'))).toEqual([]);
});

test('a program that is another than expected is not kept', async () => {
  const place = newFolder();
  await expect(buildWhisperCli({ folder: place, sources: sources('old', 'int main(void) { return 0; }\n') })).rejects.toMatchObject({ code: 'PROGRAM_UNFIT' });
  expect(readdirSync(place).filter((name) => !name.endsWith('.lock'))).toEqual([]);
});

test('an abort ends the compiler and leaves nothing', async () => {
  const place = newFolder();
  const stop = new AbortController();
  await expect(buildWhisperCli({ folder: place, sources: sound, signal: stop.signal, onProgress: () => stop.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
  expect(readdirSync(place).filter((name) => !name.endsWith('.lock'))).toEqual([]);
});

test('without cmake it is said what to install', async () => {
  vi.stubEnv('PATH', folder);
  await expect(buildWhisperCli({ folder: newFolder(), sources: sound })).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE', advice: expect.stringContaining('cmake') as string });
  vi.unstubAllEnvs();
});
