import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test, vi } from 'vitest';
import { writeBursts } from '../packages/whisper/src/testing/bursts.ts';
import { writeScriptedModel } from '../packages/whisper/src/testing/scripted-model.ts';
import { leftBesidesResults } from './command/leftovers.ts';

vi.setConfig({ testTimeout: 300_000 });

const folder = mkdtempSync(join(tmpdir(), 'media-jobs-long-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A large enough encoder that a chunk takes a moment. */
const model = writeScriptedModel(join(folder, 'scripted.bin'), { segments: [{ start: 0, end: 0.8, text: ' one' }, { start: 1, end: 1.8, text: ' two' }], audioContext: 400 });
const file = writeBursts(join(folder, 'speech.wav'), 40, [0, 8, 16, 24, 32].map((start) => ({ start, end: start + 7.4, name: 6000 + 20 * start })));

interface Told {
  readonly text: string;
  readonly segments: readonly { readonly start: number; readonly end: number; readonly text: string }[];
  readonly parts: readonly unknown[];
  readonly chunks: { readonly heard: number; readonly resumed: number };
}

function startParent(workFolder: string): ChildProcess {
  return fork(fileURLToPath(new URL('long-audio/transcribing-parent.ts', import.meta.url)), [workFolder, model, file], { execArgv: ['--conditions=@media-jobs/source'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

async function result(workFolder: string): Promise<Told> {
  const child = startParent(workFolder);
  const [[told]] = (await Promise.all([once(child, 'message'), once(child, 'exit')])) as [[Told], unknown];
  return told;
}

const checkpointsIn = (workFolder: string): string[] => globSync(join(workFolder, 'jobs/*/*/*/checkpoint/*.json'));

/** Processes of anybody that work on files of this folder. */
function busyWith(path: string): string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && existsSync(`/proc/${pid}/cmdline`) && commandOf(pid).includes(path));
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return '';
  }
}

test('a job on long audio whose process is killed goes on after the chunks that were finished, with the same text, and leaves nothing', async () => {
  const calm = await result(join(folder, 'calm'));
  const total = calm.chunks.heard;
  expect(total).toBeGreaterThan(3);
  // What is read while it is heard need not have its words yet: whisper-cli tells them at the end of a chunk.
  expect(calm).toMatchObject({ text: Array.from({ length: total }, () => 'one two').join(' '), chunks: { resumed: 0 }, parts: calm.segments.map(({ start, end, text }) => ({ start, end, text })) });

  const workFolder = join(folder, 'killed');
  const child = startParent(workFolder);
  await vi.waitUntil(() => checkpointsIn(workFolder).length > 0 || child.exitCode !== null, { timeout: 120_000, interval: 20 });
  child.kill('SIGKILL');
  await once(child, 'exit');
  const kept = checkpointsIn(workFolder).length;
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThan(total);

  const resumed = await result(workFolder);
  expect(resumed.chunks).toEqual({ heard: total - kept, resumed: kept });
  expect([resumed.text, resumed.segments]).toEqual([calm.text, calm.segments]);
  expect(checkpointsIn(workFolder)).toEqual([]);
  expect(leftBesidesResults(workFolder)).toEqual([]);
  expect(busyWith(workFolder)).toEqual([]);
});
