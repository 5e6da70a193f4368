import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MediaJobError } from '@media-jobs/foundation';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { ProcessUsage } from './controls.ts';
import { ownerId } from './owner.ts';
import { runProgram } from './run-program.ts';
import type { RunProgramOptions } from './run-program-options.ts';
import { createFakePrograms } from './testing/fake-programs.ts';

const programs = createFakePrograms();

afterAll(async () => {
  expect(await programs.survivors()).toEqual([]);
  programs[Symbol.dispose]();
});

async function failure(options: RunProgramOptions): Promise<MediaJobError> {
  const error: unknown = await runProgram(options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!MediaJobError.isInstance(error)) throw new Error('Expected a MediaJobError.', { cause: error });
  return error;
}

describe('a program that ends well', () => {
  it('gives its exit code, the tails of both streams and what it cost', async () => {
    const result = await runProgram({ command: 'sh', args: ['-c', 'echo out; echo err >&2'] });
    expect(result).toMatchObject({ exitCode: 0, stdoutTail: 'out\n', stderrTail: 'err\n', usage: { command: 'sh', pid: result.pid } });
    expect(result.durationMs).toBeGreaterThan(0);
  });

  it('gives empty tails when it says nothing', async () => {
    await expect(runProgram({ command: 'true', args: [] })).resolves.toMatchObject({ exitCode: 0, stdoutTail: '', stderrTail: '' });
  });

  it('may end with any exit code that is accepted', async () => {
    await expect(runProgram({ command: 'sh', args: ['-c', 'exit 3'], acceptExitCodes: [0, 3] })).resolves.toMatchObject({ exitCode: 3 });
  });

  it('gets its arguments untouched by any shell', async () => {
    const args = ['$(touch x)', '%03d', "a'b\"c", '-n', 'new\nline', '*', ''];
    const script = programs.node('arguments', 'process.stdout.write(JSON.stringify(process.argv.slice(2)))');
    const { stdoutTail } = await runProgram({ command: script, args });
    expect(JSON.parse(stdoutTail)).toEqual(args);
  });

  it('stands back for others as far as it was asked to, with all that it starts', async () => {
    // It is told so just behind its start.
    const { stdoutTail } = await runProgram({ command: 'sh', args: ['-c', 'sleep 0.2; nice; exec nice'], niceness: 7 });
    expect(stdoutTail).toBe('7\n7\n');
  });

  it('is named by its pid to whoever watches it work', async () => {
    const asked: number[] = [];
    const { pid } = await runProgram({ command: 'sleep', args: ['0.2'], stall: { timeoutMs: 60_000 }, sample: (given) => asked.push(given) });
    expect(new Set(asked)).toEqual(new Set([pid]));
  });

  it('reads an empty standard input', async () => {
    await expect(runProgram({ command: '/bin/cat', args: [] })).resolves.toMatchObject({ stdoutTail: '' });
  });

  it('starts in the folder and with the variables that it was given', async () => {
    vi.stubEnv('NODE_OPTIONS', '--no-warnings');
    vi.stubEnv('REMOVED', 'yes');
    const { stdoutTail } = await runProgram({ command: 'sh', args: ['-c', 'pwd; echo "$ADDED-${REMOVED-none}-${NODE_OPTIONS-none}"'], cwd: programs.folder, env: { ADDED: '1', REMOVED: undefined } });
    vi.unstubAllEnvs();
    expect(stdoutTail).toBe(`${programs.folder}\n1-none-none\n`);
  });

  it('carries the marks of its owner and of its run', async () => {
    const { stdoutTail } = await runProgram({ command: 'sh', args: ['-c', 'echo $MEDIA_JOBS_OWNER; echo $MEDIA_JOBS_RUN'] });
    const [owner, run] = stdoutTail.split('\n');
    expect(owner?.split(':').at(-1)).toBe(ownerId());
    expect(run).toMatch(/[0-9a-f-]{36}$/);
  });

  it('is one process, although setpriv stands before it', async () => {
    const { pid, stdoutTail } = await runProgram({ command: 'sh', args: ['-c', 'echo $$'] });
    expect(Number(stdoutTail)).toBe(pid);
  });
});

describe('a program that cannot be started', () => {
  const file = join(programs.folder, 'plain.txt');
  writeFileSync(file, 'echo from a shell');

  it('is not found when it is in no folder of PATH', async () => {
    expect(await failure({ command: 'no-such-program', args: [] })).toMatchObject({ code: 'PROGRAM_NOT_FOUND', facts: { command: 'no-such-program' } });
  });

  it('is not found when its path leads nowhere', async () => {
    expect((await failure({ command: join(programs.folder, 'nothing'), args: [] })).code).toBe('PROGRAM_NOT_FOUND');
  });

  it('is not executable without its run bit', async () => {
    expect((await failure({ command: file, args: [] })).code).toBe('PROGRAM_NOT_EXECUTABLE');
  });

  it('is not executable when it is a folder', async () => {
    const error = await failure({ command: programs.folder, args: [] });
    expect(error).toMatchObject({ code: 'PROGRAM_NOT_EXECUTABLE', message: expect.stringContaining('folder') as string });
  });

  it('is not executable when only a shell could make sense of it', async () => {
    const text = join(programs.folder, 'text');
    writeFileSync(text, 'echo from a shell');
    chmodSync(text, 0o755);
    expect((await failure({ command: text, args: [] })).code).toBe('PROGRAM_NOT_EXECUTABLE');
  });

  it('is not executable when its interpreter is missing, with setpriv and without', async () => {
    const script = join(programs.folder, 'orphan');
    writeFileSync(script, '#!/no/such/interpreter\n');
    chmodSync(script, 0o755);
    expect((await failure({ command: script, args: [] })).code).toBe('PROGRAM_NOT_EXECUTABLE');
    expect((await failure({ command: script, args: [], parentDeath: 'ignore' })).code).toBe('PROGRAM_NOT_EXECUTABLE');
  });

  it('is not to blame for a folder that does not exist', async () => {
    expect((await failure({ command: 'true', args: [], cwd: join(programs.folder, 'absent') })).code).toBe('INVALID_OPTION');
  });

  it('is looked for in the PATH that it will run with', async () => {
    const bin = join(programs.folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'only-here'), '#!/bin/sh\necho found\n');
    chmodSync(join(bin, 'only-here'), 0o755);
    await expect(runProgram({ command: 'only-here', args: [], env: { PATH: `${bin}:/usr/bin:/bin` } })).resolves.toMatchObject({ stdoutTail: 'found\n' });
  });
});

describe('a program that fails', () => {
  it('is PROGRAM_FAILED with its exit code and what it said', async () => {
    const error = await failure({ command: 'sh', args: ['-c', 'echo first >&2; echo no such codec >&2; exit 7'] });
    expect(error).toMatchObject({ code: 'PROGRAM_FAILED', facts: { command: 'sh', exitCode: 7, signal: null, stderrTail: 'first\nno such codec' } });
    expect(error.message).toContain('no such codec');
  });

  it('carries only the last lines of a long complaint', async () => {
    const error = await failure({ command: 'sh', args: ['-c', 'i=0; while [ $i -lt 500 ]; do echo line $i >&2; i=$((i+1)); done; exit 1'] });
    const lines = String(error.facts['stderrTail']).split('\n');
    expect(lines).toHaveLength(40);
    expect(lines.at(-1)).toBe('line 499');
  });

  it.each(['SEGV', 'ABRT', 'BUS', 'ILL', 'FPE'])('is PROGRAM_CRASHED by SIG%s', async (name) => {
    expect(await failure({ command: 'sh', args: ['-c', `kill -${name} $$`] })).toMatchObject({ code: 'PROGRAM_CRASHED', facts: { signal: `SIG${name}`, exitCode: null } });
  });

  it.each(['KILL', 'TERM'])('is PROGRAM_KILLED by a SIG%s from outside, and says that memory may have run out', async (name) => {
    const error = await failure({ command: 'sh', args: ['-c', `kill -${name} $$; sleep 9`] });
    expect(error).toMatchObject({ code: 'PROGRAM_KILLED', facts: { signal: `SIG${name}` } });
    expect(error.advice).toMatch(/memory/i);
  });

  it('is PROGRAM_KILLED with another advice when a limit of the system ended it', async () => {
    const error = await failure({ command: 'sh', args: ['-c', 'kill -XCPU $$'] });
    expect(error).toMatchObject({ code: 'PROGRAM_KILLED', facts: { signal: 'SIGXCPU' } });
    expect(error.advice).toMatch(/limit/);
  });
});

describe('the usage', () => {
  it('is given once, after the exit, with CPU time and memory', async () => {
    const seen: ProcessUsage[] = [];
    const script = programs.node('busy', 'const end = performance.now() + 400; const held = Buffer.alloc(64 << 20, 1); while (performance.now() < end) held[0]++;');
    const result = await runProgram({ command: script, args: [], onUsage: (usage) => seen.push(usage) });
    expect(seen).toEqual([result.usage]);
    expect(result.usage.cpuMs).toBeGreaterThanOrEqual(50);
    expect(result.usage.peakRssBytes).toBeGreaterThan(64 << 20);
    expect(result.usage.wallMs).toBeGreaterThanOrEqual(400);
  });

  it('is given for a program that fails, too', async () => {
    const seen: ProcessUsage[] = [];
    await failure({ command: 'false', args: [], onUsage: (usage) => seen.push(usage) });
    expect(seen).toHaveLength(1);
  });

  it('counts the children of the program', async () => {
    const script = programs.shell('parent', `"${process.execPath}" -e 'const end = performance.now() + 400; while (performance.now() < end);'; true`);
    const { usage } = await runProgram({ command: script, args: [] });
    expect(usage.cpuMs).toBeGreaterThanOrEqual(50);
  });
});

describe('the options', () => {
  it.each([
    [{ command: '' }, 'command'],
    [{ args: ['a\0b'] }, 'args'],
    [{ timeoutMs: 0 }, 'timeoutMs'],
    [{ timeoutMs: Number.NaN }, 'timeoutMs'],
    [{ stall: { timeoutMs: -1 } }, 'stall.timeoutMs'],
    [{ maxTailBytes: 1.5 }, 'maxTailBytes'],
    [{ killAfter: [0, 1, Infinity] as const }, 'killAfter'],
    [{ sample: () => 1 }, 'sample'],
    [{ onStdout: () => undefined, onStdoutLine: () => undefined }, 'onStdoutLine'],
  ])('%o are refused, and the message names %s', async (bad, name) => {
    const error = await failure({ command: 'true', args: [], ...bad });
    expect(error.code).toBe('INVALID_OPTION');
    expect(error.message).toContain(name);
  });

  it('are refused before anything is started', async () => {
    const trace = join(programs.folder, 'trace');
    await failure({ command: 'sh', args: ['-c', `echo started > '${trace}'`], timeoutMs: -1 });
    expect(() => readFileSync(trace)).toThrow('ENOENT');
  });
});
