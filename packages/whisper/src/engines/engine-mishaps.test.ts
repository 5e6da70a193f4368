import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openWorkFolder } from '@media-jobs/cleanup';
import type { Engine, EngineRequest, EngineSession } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import { createAddonEngine, createWhisperCliEngine, type WhisperCliOptions } from '@media-jobs/whisper';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededRandom } from '../testing/random.ts';
import { writeScriptedModel } from '../testing/scripted-model.ts';
import { tone } from '../testing/speech.ts';
import { testFolder } from '../testing/test-folder.ts';

const folder = testFolder();
const model = writeScriptedModel(join(folder, 'scripted.bin'));
const endless = writeScriptedModel(join(folder, 'endless.bin'), { loop: true, audioContext: 1500 });
const work = await openWorkFolder({ folder: join(folder, 'work') });
let wavFile = '';

beforeAll(async () => {
  wavFile = await tone(folder, 'tone', 3);
});

afterAll(async () => {
  expect(await readdir(join(folder, 'work', 'temp'))).toEqual([]);
  await work[Symbol.asyncDispose]();
});

const cli = (options: WhisperCliOptions = {}): Engine => createWhisperCliEngine({ tempFiles: work.temp, ...options });
const request = (more: Partial<EngineRequest> = {}): EngineRequest => ({ wavFile, durationSeconds: 3, language: 'en', translate: false, beamSize: 1, ...more });
const isThere = (pid: number): boolean => existsSync(`/proc/${pid}`);

/** A program in place of whisper-cli: `body` is shell, with the path of the first gate in $gate. */
function impostor(name: string, body: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh
[ "$1" = --version ] && { echo 'whisper.cpp version: 1.9.1'; exit 0; }
for argument; do case "$argument" in */gate-0) gate=$argument; break;; esac; done
slot=\${gate%gate-0}slot-0
say() { echo "$1" >&2; }
${body}
`);
  chmodSync(file, 0o755);
  return file;
}

describe.each([['addon-child', () => createAddonEngine()], ['whisper-cli', () => cli()]] as const)('%s', (_name, make) => {
  test('twenty aborts at random moments: each is one named error within a second or the whole result, and nothing is left', async () => {
    const random = seededRandom(20_261_128);
    const engine = make();
    for (let round = 0; round < 20; round += 1) {
      const control = new AbortController();
      const pids: number[] = [];
      let abortedAt = 0;
      const hear = async (): Promise<string> => {
        await using session: EngineSession = await engine.open({ modelFile: model, threads: 1, signal: control.signal });
        const { segments } = await session.transcribe(request({ signal: control.signal, onProgress: () => void pids.push(session.pid ?? 0) }));
        return segments.map(({ text }) => text).join('');
      };
      const outcome = hear().catch((error: unknown) => MediaJobError.from(error).code);
      await sleep(random() * 600);
      abortedAt = performance.now();
      control.abort();
      expect(['ABORTED', 'Hello world.']).toContain(await outcome);
      expect(performance.now() - abortedAt).toBeLessThan(1000);
      expect(pids.filter((pid) => pid !== 0 && isThere(pid))).toEqual([]);
    }
  }, 120_000);
});

describe('whisper-cli', () => {
  test('that is stopped is found to be hung, and is ended', async () => {
    const engine = cli({ silenceTimeoutMs: 1500 });
    await using session = await engine.open({ modelFile: endless, threads: 1 });
    let pid = 0;
    const run = session.transcribe(request({
      onProgress: () => {
        pid = session.pid ?? 0;
        process.kill(pid, 'SIGSTOP');
      },
    }));
    await expect(run).rejects.toMatchObject({ code: 'STALLED' });
    expect(isThere(pid)).toBe(false);
  }, 60_000);

  test('hears as many files as it was started for, and is then no longer usable', async () => {
    await using session = await cli({ filesPerProcess: 2 }).open({ modelFile: model, threads: 1 });
    await session.transcribe(request());
    expect(session.usable).toBe(true);
    await session.transcribe(request());
    expect(session.usable).toBe(false);
  });

  test('without a release in PATH, cache or option is not there, and says what to do', async () => {
    const { works, detail, advice } = await cli({ command: join(folder, 'absent') }).check();
    expect([works, /1\.9 or newer/.test(detail), /media-jobs whisper build/.test(advice ?? '')]).toEqual([false, true, true]);
    const old = impostor('old', 'exit 0');
    writeFileSync(old, '#!/bin/sh\necho "error: unknown argument: --version" >&2\nexit 0\n');
    expect(await cli({ command: old }).check()).toMatchObject({ works: false });
  });

  test.each([
    ['ends with 0 and without a word', 'exit 0', 'ENGINE_FAILED'],
    ['refuses the model', 'exit 3', 'MODEL_INVALID'],
    ['runs out of memory', 'say "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 100 MiB on device 0: cudaMalloc failed: out of memory"; kill -ABRT $$', 'MEMORY_SHORT'],
    ['crashes', 'kill -SEGV $$', 'PROGRAM_CRASHED'],
    ['has instructions that the processor does not', 'kill -ILL $$', 'PROGRAM_UNFIT'],
    ['goes on to an input out of turn', 'say "read_audio_data: reading audio data from \'$slot\' ..."; sleep 60', 'ENGINE_FAILED'],
    ['says that it is done and has written nothing', 'say "read: reading audio data from \'$gate\' ..."; cat "$gate" > /dev/null; say "read: reading audio data from \'$slot\' ..."; say "read: reading audio data from \'${gate%0}1\' ..."; sleep 60', 'ENGINE_FAILED'],
    ['writes garbage for a transcript', 'say "read: reading audio data from \'$gate\' ..."; echo "{ nonsense" > ${gate%gate-0}heard-slot-0.json; cat "$gate" > /dev/null; say "read: reading audio data from \'$slot\' ..."; say "read: reading audio data from \'${gate%0}1\' ..."; sleep 60', 'ENGINE_FAILED'],
  ])('that %s gives a named error', async (_what, body, code) => {
    await using session = await cli({ command: impostor('impostor', body) }).open({ modelFile: model, threads: 1 });
    await expect(session.transcribe(request())).rejects.toMatchObject({ code });
    expect(session.usable).toBe(false);
  });
});
