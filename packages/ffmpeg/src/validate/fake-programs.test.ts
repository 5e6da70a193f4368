import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { createFfmpeg } from '../ffmpeg.ts';
import { fakeProgram } from '../testing/fake-ffmpeg.ts';
import { createWorkbench } from '../testing/workbench.ts';

vi.setConfig({ testTimeout: 60_000 });

const bench = createWorkbench();
const input = bench.make('in.wav', '-f', 'lavfi', '-i', 'sine=d=4');

afterEach(() => {
  expect(bench.survivors()).toEqual([]);
  expect(bench.openFiles()).toEqual([]);
});
afterAll(() => bench[Symbol.dispose]());

const head = `echo '#tb 0: 1/44100'`;

test.each([
  ['says nothing', 'exec sleep 100', 'STALLED'],
  ['ignores TERM', `trap '' TERM; while :; do sleep 0.05; done`, 'STALLED'],
  ['floods its error output', 'yes trouble >&2', 'STALLED'],
  ['floods its output with lines that are none', 'exec yes "0, what, is, this"', 'STALLED'],
  ['says half a line', `${head}; printf '0, 1024, 1024,'; exec sleep 100`, 'STALLED'],
  ['says a line without end', `tr '\\0' 9 < /dev/zero`, 'STALLED'],
  ['goes back and forth', `${head}; while :; do echo '0, 2048, 2048, 1024, 4, 0x0'; echo '0, 0, 0, 1024, 4, 0x0'; sleep 0.02; done`, 'STALLED'],
  ['lies that it got far', `${head}; echo '0, 999999999999999, 999999999999999, 1024, 4, 0x0'; exec sleep 100`, 'TOO_LONG'],
  ['crashes', 'kill -SEGV $$', 'PROGRAM_CRASHED'],
  ['is killed', 'kill -KILL $$', 'PROGRAM_KILLED'],
  ['uses up its processor time', 'kill -XCPU $$', 'TIMEOUT'],
  ['fails without a word', 'exit 3', 'PROGRAM_FAILED'],
  ['leaves somebody who holds its pipe', 'sleep 100 & exit 0', 'a report: EMPTY_OUTPUT'],
  ['gives half', `${head}; echo '0, 0, 0, 88200, 4, 0x0'`, 'a report: TRUNCATED'],
])('a program that %s is contained', async (name, body, expected) => {
  const limits = expected === 'STALLED' ? { openTimeoutMs: 700, stallMs: 700 } : {};
  const tool = createFfmpeg({ binaries: { ffmpeg: fakeProgram(bench, 'ffmpeg', `ffmpeg-${name}`, body) }, limits });
  const ended = await tool.validate(input).then(({ faults }) => `a report: ${faults.map(({ code }) => code).join(', ')}`, ({ code }: { readonly code: string }) => code);
  expect(ended).toBe(expected);
});
