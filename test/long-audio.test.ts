import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { writeBursts } from '../packages/whisper/src/testing/bursts.ts';
import { writeScriptedModel } from '../packages/whisper/src/testing/scripted-model.ts';
import { leftBesidesResults, processesOf, untilEmpty } from './command/leftovers.ts';

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

/** Where the programs that are killed keep what belongs to no job. */
const temp = join(folder, 'temp');
mkdirSync(temp);

interface Work {
  readonly workFolder: string;
  readonly engine: string;
  readonly lanes: number;
}

function startParent({ workFolder, engine, lanes }: Work): ChildProcess {
  const program = fileURLToPath(new URL('long-audio/transcribing-parent.ts', import.meta.url));
  return fork(program, [workFolder, model, file, engine, String(lanes)], { execArgv: ['--conditions=@media-jobs/source'], env: { ...process.env, TMPDIR: temp }, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

async function result(work: Work): Promise<Told> {
  const child = startParent(work);
  const [[told]] = (await Promise.all([once(child, 'message'), once(child, 'exit')])) as [[Told], unknown];
  return told;
}

const checkpointsIn = (workFolder: string): string[] => globSync(join(workFolder, 'jobs/*/*/*/checkpoint/*.json'));

describe.each(['whisper-cli', 'addon-child'])('a job on long audio, heard by %s,', (engine) => {
  let calm: Told;
  let total = 0;

  beforeAll(async () => {
    calm = await result({ workFolder: join(folder, `calm-${engine}`), engine, lanes: 1 });
    total = calm.chunks.heard;
  }, 300_000);

  test('is cut into several chunks, and can be read while it is heard', () => {
    expect(total).toBeGreaterThan(3);
    // What is read while it is heard need not have its words yet: whisper-cli tells them at the end of a chunk.
    expect(calm).toMatchObject({ text: Array.from({ length: total }, () => 'one two').join(' '), chunks: { resumed: 0 }, parts: calm.segments.map(({ start, end, text }) => ({ start, end, text })) });
  });

  test.each([1, 2])('whose process is killed goes on after the chunks that were finished, with the same text, and leaves nothing: %i at a time', async (lanes) => {
    const workFolder = join(folder, `killed-${engine}-${lanes}`);
    const child = startParent({ workFolder, engine, lanes });
    await vi.waitUntil(() => checkpointsIn(workFolder).length > 0 || child.exitCode !== null, { timeout: 120_000, interval: 20 });
    child.kill('SIGKILL');
    await once(child, 'exit');
    const kept = checkpointsIn(workFolder).length;
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(total);
    expect(await untilEmpty(() => processesOf(Number(child.pid)))).toEqual([]);

    const resumed = await result({ workFolder, engine, lanes });
    expect(resumed.chunks).toEqual({ heard: total - kept, resumed: kept });
    expect([resumed.text, resumed.segments]).toEqual([calm.text, calm.segments]);
    expect([checkpointsIn(workFolder), leftBesidesResults(workFolder), leftBesidesResults(join(temp, `media-jobs-${process.getuid?.()}`))]).toEqual([[], [], []]);
  });
});
