import { existsSync, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { MediaJobError } from '@media-jobs/foundation';
import { afterAll, describe, expect, it } from 'vitest';
import { runProgram } from './run-program.ts';
import { createFakePrograms } from './testing/fake-programs.ts';
import { createManualClock } from './testing/manual-clock.ts';

const programs = createFakePrograms();

afterAll(async () => {
  expect(await programs.survivors()).toEqual([]);
  programs[Symbol.dispose]();
});

async function caught(run: Promise<unknown>): Promise<MediaJobError> {
  const error: unknown = await run.then(() => undefined, (thrown: unknown) => thrown);
  if (!MediaJobError.isInstance(error)) throw new Error('Expected a MediaJobError.', { cause: error });
  return error;
}

describe('the time limit', () => {
  it('ends the program with TIMEOUT and names the limit', async () => {
    const error = await caught(runProgram({ command: 'sleep', args: ['60'], timeoutMs: 50 }));
    expect(error).toMatchObject({ code: 'TIMEOUT', facts: { timeoutMs: 50, signal: 'SIGTERM' } });
  });

  it('follows the kill order of time limits: TERM, TERM after 1 s, KILL after 5 s', async () => {
    const clock = createManualClock();
    const trace = join(programs.folder, 'terms');
    const stubborn = programs.node('stubborn', `import { appendFileSync } from 'node:fs'; const note = (text) => appendFileSync('${trace}', text); process.on('SIGTERM', () => note('T')); note('R'); setInterval(() => {}, 1000);`);
    const until = async (text: string): Promise<void> => {
      while ((existsSync(trace) ? readFileSync(trace, 'utf8') : '') !== text) await pause(10);
    };
    const run = caught(runProgram({ command: stubborn, args: [], timeoutMs: 60_000, clock }));
    await until('R');
    clock.advance(60_000);
    await until('RT');
    clock.advance(1000);
    await until('RTT');
    clock.advance(3999);
    expect(await Promise.race([run, pause(100)])).toBeUndefined();
    clock.advance(1);
    expect(await run).toMatchObject({ code: 'TIMEOUT', facts: { signal: 'SIGKILL' } });
  });

  it('follows another order when one is given', async () => {
    const stubborn = programs.node('stubborn-too', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);");
    const began = performance.now();
    await caught(runProgram({ command: stubborn, args: [], timeoutMs: 300, killAfter: [0, 20, 50] }));
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it('is cut short by an abort, but stays the reason', async () => {
    const controller = new AbortController();
    const stubborn = programs.node('slow-to-go', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);");
    const run = runProgram({ command: stubborn, args: [], timeoutMs: 300, signal: controller.signal });
    const began = performance.now();
    void pause(500).then(() => controller.abort());
    expect((await caught(run)).code).toBe('TIMEOUT');
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

describe('the stall watchdog', () => {
  it('ends a program that goes silent after some output, and says for how long', async () => {
    const script = programs.shell('goes-silent', 'echo one; echo two; exec sleep 60');
    const error = await caught(runProgram({ command: script, args: [], stall: { timeoutMs: 300 } }));
    expect(error).toMatchObject({ code: 'STALLED', facts: { signal: 'SIGTERM' } });
    expect(error.facts['lastSignMsAgo']).toBeGreaterThanOrEqual(300);
  });

  it('leaves a program alone that is slow but gets on', async () => {
    const script = programs.shell('slow', 'for i in 1 2 3 4 5 6; do echo $i; sleep 0.1; done');
    await expect(runProgram({ command: script, args: [], stall: { timeoutMs: 400 } })).resolves.toMatchObject({ exitCode: 0 });
  });

  it('does not take chatter for progress when the listener gives no sign', async () => {
    const script = programs.shell('chatter', 'while :; do echo still here; sleep 0.02; done');
    const error = await caught(runProgram({ command: script, args: [], stall: { timeoutMs: 300 }, onStdoutLine: () => undefined }));
    expect(error.code).toBe('STALLED');
  });

  it('heeds the signs that a listener gives', async () => {
    const script = programs.shell('progress', 'for i in 1 2 3 4 5 6; do echo noise; echo time=$i >&2; sleep 0.1; done');
    const onStderrLine = (line: string, sign: () => void): void => {
      if (line.startsWith('time=')) sign();
    };
    await expect(runProgram({ command: script, args: [], stall: { timeoutMs: 400 }, onStderrLine })).resolves.toMatchObject({ exitCode: 0 });
  });

  it('takes a growing file for progress, and its standing still for a stall', async () => {
    const output = join(programs.folder, 'growing');
    const script = programs.shell('writer', `for i in 1 2 3 4 5 6; do echo x >> '${output}'; sleep 0.1; done; exec sleep 60`);
    const sample = async (): Promise<number> => (await stat(output).catch(() => ({ size: 0 }))).size;
    const began = performance.now();
    expect((await caught(runProgram({ command: script, args: [], stall: { timeoutMs: 400 }, sample }))).code).toBe('STALLED');
    expect(performance.now() - began).toBeGreaterThan(800);
  });

  it('does not blame the program while its reader is the slow one', async () => {
    const run = runProgram({ command: 'sh', args: ['-c', 'echo x; echo y'], stall: { timeoutMs: 150 }, onStdout: () => pause(400) });
    await expect(run).resolves.toMatchObject({ exitCode: 0 });
  });
});

describe('a listener that throws', () => {
  it.each(['onStdoutLine', 'onStderrLine', 'onStdout'] as const)('from %s ends the tree, and its error comes back as it is', async (name) => {
    const thrown = new Error('from the listener');
    const fail = (): never => {
      throw thrown;
    };
    const run = runProgram({ command: 'sh', args: ['-c', 'echo out; echo err >&2; exec sleep 60'], [name]: fail });
    await expect(run).rejects.toBe(thrown);
  });

  it('ends the run also from `sample`', async () => {
    const thrown = new Error('from the sample');
    await expect(runProgram({ command: 'sleep', args: ['60'], stall: { timeoutMs: 60_000 }, sample: () => Promise.reject(thrown) })).rejects.toBe(thrown);
  });

  it('is not called again', async () => {
    let calls = 0;
    const onStdoutLine = (): never => {
      calls += 1;
      throw new Error('once');
    };
    await expect(runProgram({ command: 'sh', args: ['-c', 'echo 1; echo 2; echo 3'], onStdoutLine })).rejects.toThrow('once');
    expect(calls).toBe(1);
  });
});
