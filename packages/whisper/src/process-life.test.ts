import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { writeScriptedModel } from './testing/scripted-model.ts';
import { tone } from './testing/speech.ts';
import { testFolder } from './testing/test-folder.ts';

// A machine that is busy with other things is slow, not wrong.
vi.setConfig({ testTimeout: 120_000 });

const folder = testFolder();
const endless = join(folder, 'endless.bin');
const quick = join(folder, 'quick.bin');
let wavFile = '';

beforeAll(async () => {
  writeScriptedModel(endless, { loop: true, audioContext: 1500 });
  writeScriptedModel(quick);
  wavFile = await tone(folder, 'tone', 2);
});

function start(program: string, args: readonly string[]): ChildProcess {
  return mortal(fork(fileURLToPath(new URL(`testing/${program}`, import.meta.url)), args, { execArgv: ['--conditions=@media-jobs/source'], stdio: 'inherit' }));
}

/** Does not outlive its test, also when that fails. */
function mortal(child: ChildProcess): ChildProcess {
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Engine children of a process: those that it started, as the kernel tells. */
function childrenOf(pid: number): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((other) => parentOf(other) === pid);
}

function parentOf(pid: number): number {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(line.slice(line.lastIndexOf(')') + 2).split(' ')[1]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return 0;
  }
}

describe.each(['addon-child', 'whisper-cli'])('%s', (engine) => {
  test.each([['in the middle of a run', endless, 'running'], ['while it is kept warm', quick, 'idle']] as const)('does not outlive a parent that is killed %s', async (_when, model, sign) => {
    const parent = start('dying-parent.ts', [model, wavFile, engine]);
    const said = new Set<unknown>();
    parent.on('message', (message) => said.add(message));
    await expect.poll(() => said.has(sign), { timeout: 60_000 }).toBe(true);
    const engines = childrenOf(Number(parent.pid));
    expect(engines).toHaveLength(1);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await expect.poll(() => engines.filter((pid) => existsSync(`/proc/${pid}`)), { timeout: 20_000 }).toEqual([]);
  });
});

test('the engine ends itself when its channel closes, also in the middle of a run', async () => {
  // Started without anything that would end it from outside.
  const engine = mortal(fork(fileURLToPath(new URL('engines/addon-child-process.ts', import.meta.url)), { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] }));
  const answer = async (type: string): Promise<void> => {
    for (let message: { type?: string } = {}; message.type !== type;) [message] = (await once(engine, 'message')) as [{ type?: string }];
  };
  engine.send({ type: 'load', variant: 'default', modelFile: endless });
  await answer('ready');
  engine.send({ type: 'transcribe', id: 1, wavFile, dataOffset: 44, dataBytes: 64_000, language: 'en', translate: false, threads: 1 });
  await answer('progress');
  const gone = once(engine, 'exit');
  engine.disconnect();
  expect(await gone).toEqual([null, 'SIGKILL']);
});
