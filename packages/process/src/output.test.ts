import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { readProcessFile } from './process-table.ts';
import { runProgram } from './run-program.ts';
import { createFakePrograms } from './testing/fake-programs.ts';
import { createManualClock } from './testing/manual-clock.ts';

const programs = createFakePrograms();

afterAll(async () => {
  expect(await programs.survivors()).toEqual([]);
  programs[Symbol.dispose]();
});

const megabyte = 1 << 20;

describe('lines', () => {
  it('are put together from halves, in their order', async () => {
    const halves = programs.node('halves', "const out = (text) => new Promise((done) => process.stdout.write(text, () => setTimeout(done, 15))); await out('on'); await out('e\\ntw'); await out('o\\nthree');");
    const lines: string[] = [];
    await runProgram({ command: halves, args: [], onStdoutLine: (line) => lines.push(line) });
    expect(lines).toEqual(['one', 'two', 'three']);
  });

  it('of a megabyte are cut at 4 KiB', async () => {
    const script = programs.node('long-line', `process.stdout.write('x'.repeat(${megabyte}) + '\\nnext\\n');`);
    const lines: string[] = [];
    const { stdoutTail } = await runProgram({ command: script, args: [], onStdoutLine: (line) => lines.push(line) });
    expect(lines.map(({ length }) => length)).toEqual([4096, 4]);
    expect(stdoutTail).toHaveLength(4096 + 1 + 5);
  });
});

describe('a flood on the error output', () => {
  it('of 10 MB passes without a hang; its end is kept, and no more than that', async () => {
    const flood = programs.node('flood', `const line = 'e'.repeat(99) + '\\n'; for (let i = 0; i < ${(10 * megabyte) / 100}; i++) if (!process.stderr.write(line)) await new Promise((done) => process.stderr.once('drain', done)); process.stderr.write('the last line\\n');`);
    const { stderrTail } = await runProgram({ command: flood, args: [], maxTailBytes: 1000 });
    expect(stderrTail.endsWith('the last line\n')).toBe(true);
    expect(stderrTail.length).toBeLessThanOrEqual(1000);
    expect(stderrTail.length).toBeGreaterThan(800);
  });
});

describe('raw bytes', () => {
  it('arrive whole and in order at a reader that is slow', async () => {
    const script = programs.node('bytes', `for (let i = 0; i < 64; i++) if (!process.stdout.write(Buffer.alloc(65536, i))) await new Promise((done) => process.stdout.once('drain', done));`);
    const hash = createHash('sha256');
    let bytes = 0;
    const onStdout = async (chunk: Uint8Array): Promise<void> => {
      bytes += chunk.length;
      hash.update(chunk);
      await pause(bytes < 5 * 65536 ? 30 : 0);
    };
    const { stdoutTail } = await runProgram({ command: script, args: [], onStdout });
    expect(bytes).toBe(64 * 65536);
    expect(hash.digest('hex')).toBe(createHash('sha256').update(Buffer.concat(Array.from({ length: 64 }, (_, i) => Buffer.alloc(65536, i)))).digest('hex'));
    expect(stdoutTail).toBe('');
  });

  it('hold the program back while the reader is busy', async () => {
    const script = programs.node('eager', "process.on('SIGTERM', () => process.exit()); for (let i = 0; i < 320; i++) { if (!process.stdout.write(Buffer.alloc(65536))) await new Promise((done) => process.stdout.once('drain', done)); console.error(i); }");
    let written = 0;
    let calls = 0;
    let atRelease = 0;
    const onStdout = async (): Promise<void> => {
      if (calls++ > 0) return;
      await pause(500);
      atRelease = written;
    };
    await runProgram({ command: script, args: [], onStdout, onStderrLine: () => (written += 1) });
    expect(atRelease).toBeLessThan(32);
    expect(written).toBe(320);
  });

  it('that wait for a slow reader after the exit are not lost', async () => {
    const clock = createManualClock();
    let bytes = 0;
    const onStdout = async (chunk: Uint8Array): Promise<void> => {
      const rounds = bytes === 0 ? 100 : 0;
      for (let i = 0; i < rounds; i += 1) {
        clock.advance(100);
        await pause(2);
      }
      bytes += chunk.length;
    };
    await runProgram({ command: 'head', args: ['-c', '130000', '/dev/zero'], onStdout, clock });
    expect(bytes).toBe(130_000);
  });

  it('have been dealt with when the call resolves', async () => {
    let done = false;
    const onStdout = async (): Promise<void> => {
      await pause(100);
      done = true;
    };
    await runProgram({ command: 'echo', args: ['x'], onStdout });
    expect(done).toBe(true);
  });

  it('do not keep an aborted call waiting for a reader that never comes back', async () => {
    const controller = new AbortController();
    const onStdout = (): Promise<void> => {
      controller.abort();
      return new Promise(() => undefined);
    };
    const run = runProgram({ command: 'cat', args: ['/dev/zero'], signal: controller.signal, onStdout });
    await expect(run).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

describe('memory', () => {
  it('stays flat while 200 MB pass', async () => {
    const rss = (): number => Number(/VmRSS:\s+(\d+)/.exec(readProcessFile('self', 'status') ?? '')?.[1]) / 1024;
    const before = rss();
    let peak = 0;
    let bytes = 0;
    const onStdout = (chunk: Uint8Array): void => {
      bytes += chunk.length;
      if (bytes % (10 * megabyte) < chunk.length) peak = Math.max(peak, rss());
    };
    await runProgram({ command: 'head', args: ['-c', String(200 * megabyte), '/dev/zero'], onStdout });
    expect(bytes).toBe(200 * megabyte);
    expect(peak - before).toBeLessThan(80);
  });
});
