import { spawn } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { MediaJobError } from '@media-jobs/foundation';
import { afterAll, describe, expect, it } from 'vitest';
import { readProcess } from './process-table.ts';
import { runProgram, type ProgramResult } from './run-program.ts';
import type { RunProgramOptions } from './run-program-options.ts';
import { createFakePrograms } from './testing/fake-programs.ts';
import { createManualClock } from './testing/manual-clock.ts';

const programs = createFakePrograms();

afterAll(async () => {
  expect(await programs.survivors()).toEqual([]);
  programs[Symbol.dispose]();
});

// The orders themselves are tested to the millisecond on a clock of our own; these leave room for a machine that is busy with other things.
const atOnce = 600;
const soon = 1600;
const isAlive = (pid: number): boolean => readProcess(pid)?.ended === false;

async function caught(run: Promise<unknown>): Promise<MediaJobError> {
  const error: unknown = await run.then(() => undefined, (thrown: unknown) => thrown);
  if (!MediaJobError.isInstance(error)) throw new Error('Expected a MediaJobError.', { cause: error });
  return error;
}

/** Runs until the program has said `ready`, then calls `act`. Lines of the form `pid N` are collected. */
function runUntilReady(options: RunProgramOptions, act: () => void): { readonly run: Promise<ProgramResult>; readonly pids: number[]; readonly actedAt: () => number } {
  const pids: number[] = [];
  let actedAt = 0;
  const onStdoutLine = (line: string): void => {
    if (line.startsWith('pid ')) pids.push(Number(line.slice(4)));
    if (line !== 'ready') return;
    actedAt = performance.now();
    act();
  };
  return { run: runProgram({ ...options, onStdoutLine }), pids, actedAt: () => actedAt };
}

const stubborn = programs.node('stubborn', "process.on('SIGTERM', () => console.error('term')); console.log('ready'); setInterval(() => {}, 1000);");
const secondTerm = programs.node('second-term', "let count = 0; process.on('SIGTERM', () => { if (++count === 2) process.exit(255); }); console.log('ready'); setInterval(() => {}, 1000);");

describe('an abort', () => {
  it('before the start starts nothing', async () => {
    const trace = join(programs.folder, 'never');
    const run = runProgram({ command: 'sh', args: ['-c', `echo > '${trace}'`], signal: AbortSignal.abort('no') });
    expect(await caught(run)).toMatchObject({ code: 'ABORTED', cause: 'no' });
    expect(() => readFileSync(trace)).toThrow('ENOENT');
  });

  it('during the start is heeded', async () => {
    const controller = new AbortController();
    const run = runProgram({ command: 'sleep', args: ['60'], signal: controller.signal });
    controller.abort('changed my mind');
    expect(await caught(run)).toMatchObject({ code: 'ABORTED', cause: 'changed my mind' });
  });

  it('ends a program that heeds TERM at once', async () => {
    const controller = new AbortController();
    const { run, actedAt } = runUntilReady({ command: 'sh', args: ['-c', 'echo ready; exec sleep 60'], signal: controller.signal }, () => controller.abort());
    expect(await caught(run)).toMatchObject({ code: 'ABORTED', facts: { signal: 'SIGTERM' } });
    expect(performance.now() - actedAt()).toBeLessThan(atOnce);
  });

  it('sends a second TERM when the first is ignored', async () => {
    const controller = new AbortController();
    const { run, actedAt } = runUntilReady({ command: secondTerm, args: [], signal: controller.signal }, () => controller.abort());
    expect(await caught(run)).toMatchObject({ code: 'ABORTED', facts: { exitCode: 255 } });
    expect(performance.now() - actedAt()).toBeGreaterThanOrEqual(240);
  });

  it('kills a program that ignores both TERMs, within a second', async () => {
    const controller = new AbortController();
    const { run, actedAt } = runUntilReady({ command: stubborn, args: [], signal: controller.signal }, () => controller.abort());
    expect(await caught(run)).toMatchObject({ code: 'ABORTED', facts: { signal: 'SIGKILL', stderrTail: 'term\nterm' } });
    expect(performance.now() - actedAt()).toBeLessThan(soon);
  });

  it('rejects with its reason unchanged when that is one of our errors', async () => {
    const reason = new MediaJobError('CANCELLED', { message: 'The job was cancelled.' });
    const controller = new AbortController();
    const { run } = runUntilReady({ command: 'sh', args: ['-c', 'echo ready; exec sleep 60'], signal: controller.signal }, () => controller.abort(reason));
    expect(await caught(run)).toBe(reason);
  });

  it('counts also when the program then ends with success', async () => {
    const controller = new AbortController();
    const polite = programs.node('polite', "process.on('SIGTERM', () => process.exit(0)); console.log('ready'); setInterval(() => {}, 1000);");
    const { run } = runUntilReady({ command: polite, args: [], signal: controller.signal }, () => controller.abort());
    expect(await caught(run)).toMatchObject({ code: 'ABORTED', facts: { exitCode: 0 } });
  });
});

describe('the kill signal', () => {
  it('kills at once', async () => {
    const controller = new AbortController();
    const { run, actedAt } = runUntilReady({ command: stubborn, args: [], kill: controller.signal }, () => controller.abort());
    expect(await caught(run)).toMatchObject({ code: 'ABORTED', facts: { signal: 'SIGKILL', stderrTail: '' } });
    expect(performance.now() - actedAt()).toBeLessThan(atOnce);
  });

  it('hastens an abort that is under way, whose reason stands', async () => {
    const [soft, hard] = [new AbortController(), new AbortController()];
    const act = (): void => {
      soft.abort('soft');
      hard.abort('hard');
    };
    const { run, actedAt } = runUntilReady({ command: stubborn, args: [], signal: soft.signal, kill: hard.signal }, act);
    expect(await caught(run)).toMatchObject({ cause: 'soft', facts: { signal: 'SIGKILL' } });
    expect(performance.now() - actedAt()).toBeLessThan(atOnce);
  });
});

describe('the whole tree', () => {
  it('is ended by an abort: children that ignore TERM, and children in a session of their own', async () => {
    const controller = new AbortController();
    const family = programs.shell('family', `${stubborn} >/dev/null & echo pid $!; setsid sleep 60 >/dev/null 2>&1 & echo pid $!; sleep 0.3; echo ready; exec sleep 60`);
    const { run, pids, actedAt } = runUntilReady({ command: family, args: [], signal: controller.signal }, () => controller.abort());
    await caught(run);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(pids).toHaveLength(2);
    expect(performance.now() - actedAt()).toBeLessThan(soon);
  });

  it('does not outlive a program that ended well, though a grandchild holds its output', async () => {
    const script = programs.shell('holder', 'sleep 60 & echo pid $!; echo done');
    const began = performance.now();
    const { stdoutTail } = await runProgram({ command: script, args: [] });
    expect(stdoutTail).toContain('done');
    expect(isAlive(Number(/pid (\d+)/.exec(stdoutTail)?.[1]))).toBe(false);
    expect(performance.now() - began).toBeLessThan(2500);
  });

  it('does not outlive a program that ended well, though a grandchild holds no output and ignores TERM', async () => {
    const script = programs.shell('daemon', `setsid ${stubborn} >/dev/null 2>&1 & echo pid $!; sleep 0.2`);
    const began = performance.now();
    const { stdoutTail } = await runProgram({ command: script, args: [] });
    expect(isAlive(Number(/pid (\d+)/.exec(stdoutTail)?.[1]))).toBe(false);
    expect(performance.now() - began).toBeLessThan(soon);
  });

  it('is found at whatever moment of its start it is looked for', async () => {
    for (let i = 0; i < 12; i += 1) {
      const script = `setsid "${process.execPath}" -e 'setInterval(() => {}, 1000)' >/dev/null 2>&1 & echo pid $!; sleep ${i / 1000}`;
      const { stdoutTail } = await runProgram({ command: 'sh', args: ['-c', script] });
      expect(isAlive(Number(/pid (\d+)/.exec(stdoutTail)?.[1]))).toBe(false);
    }
  });

  it('is found by the mark in its environment once all its parents are gone', async () => {
    const script = programs.shell('twice', 'sh -c "setsid sleep 60 >/dev/null 2>&1 & echo pid \\$!"; echo done');
    const { stdoutTail } = await runProgram({ command: script, args: [] });
    expect(isAlive(Number(/pid (\d+)/.exec(stdoutTail)?.[1]))).toBe(false);
  });

  it('includes one that was seen once and has taken off its mark since', async () => {
    const controller = new AbortController();
    const masked = programs.shell('masked', 'n=0; trap \'n=$((n+1)); [ $n -eq 2 ] && exec env -i sleep 60\' TERM; while :; do sleep 0.02; done');
    const script = programs.shell('unmask', `setsid ${masked} >/dev/null 2>&1 & echo pid $!; sleep 0.3; echo ready; exec sleep 60`);
    const { run, pids } = runUntilReady({ command: script, args: [], signal: controller.signal }, () => controller.abort());
    await caught(run);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(pids).toHaveLength(1);
  });

  it('does not include a bystander that somebody else started', async () => {
    const bystander = spawn('sleep', ['60'], { detached: true });
    const controller = new AbortController();
    const { run } = runUntilReady({ command: 'sh', args: ['-c', 'echo ready; exec sleep 60'], signal: controller.signal }, () => controller.abort());
    await caught(run);
    expect(isAlive(bystander.pid ?? 0)).toBe(true);
    bystander.kill('SIGKILL');
    await once(bystander, 'exit');
  });
});

describe('when this process dies', () => {
  const parent = (ending: string): string => {
    const file = join(programs.folder, `parent-${Math.random()}.ts`);
    const script = 'sleep 60 >/dev/null 2>&1 & echo pid $!; echo pid $$; exec sleep 60';
    writeFileSync(file, `import { runProgram } from '${import.meta.dirname}/run-program.ts';
      let lines = 0;
      const end = () => { ${ending} };
      const onStdoutLine = (line) => { console.log(line); if (++lines === 2) setTimeout(end, 20); };
      void runProgram({ command: 'sh', args: ['-c', '${script}'], onStdoutLine });`);
    return file;
  };
  const start = async (ending: string): Promise<{ readonly child: ReturnType<typeof spawn>; readonly pids: number[] }> => {
    const child = spawn(process.execPath, ['--conditions=@media-jobs/source', parent(ending)], { stdio: ['ignore', 'pipe', 'ignore'] });
    const pids: number[] = [];
    for await (const text of child.stdout) {
      for (const [, pid] of String(text).matchAll(/pid (\d+)/g)) pids.push(Number(pid));
      if (pids.length === 2) break;
    }
    return { child, pids };
  };
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await pause(10);
  };

  it('by SIGKILL, the kernel kills the program', async () => {
    const { child, pids } = await start('');
    child.kill('SIGKILL');
    await until(() => !isAlive(pids[1] ?? 0));
    // Its own child carries the owner's mark, for the sweep to find.
    process.kill(pids[0] ?? 0, 'SIGKILL');
    await until(() => !isAlive(pids[0] ?? 0));
  });

  it('by process.exit, the whole group is killed', async () => {
    const { pids } = await start('process.exit();');
    await until(() => pids.every((pid) => !isAlive(pid)));
  });

  it('by an error that nobody caught, the whole group is killed', async () => {
    const { pids } = await start('throw new Error();');
    await until(() => pids.every((pid) => !isAlive(pid)));
  });
});

describe('what stays in this process', () => {
  it('is nothing: no timer and no listener', async () => {
    const before = process.listenerCount('exit');
    const clock = createManualClock();
    const { signal } = new AbortController();
    const listeners: number[] = [];
    await runProgram({ command: 'echo', args: ['x'], signal, timeoutMs: 60_000, stall: { timeoutMs: 60_000 }, clock, onStdoutLine: () => listeners.push(process.listenerCount('exit'), clock.pending()) });
    expect(listeners).toEqual([before + 1, 2]);
    expect(process.listenerCount('exit')).toBe(before);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(clock.pending()).toBe(0);
  });
});
