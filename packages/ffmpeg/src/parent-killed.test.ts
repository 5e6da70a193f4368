import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, truncateSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openWorkFolder } from '@media-jobs/cleanup';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { fakeProgram } from './testing/fake-ffmpeg.ts';
import { createWorkbench } from './testing/workbench.ts';

vi.setConfig({ testTimeout: 120_000 });

const bench = createWorkbench();
const work = bench.path('work');
const outputs = bench.path('outputs');
const out = bench.path('outputs/out.wav');
/** Where there is neither setpriv nor prlimit: a child outlives its parent then. */
const bare = bench.path('bare');
let input = '';

beforeAll(() => {
  mkdirSync(outputs);
  mkdirSync(bare);
  for (const program of ['ffmpeg', 'ffprobe']) symlinkSync(execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim(), `${bare}/${program}`);
  // Gigabytes of zeros, which ffmpeg searches at full speed and for ever: it is in the middle of its work whenever it is looked at.
  input = bench.make('in.mp3', '-f', 'lavfi', '-i', 'sine=d=4');
  truncateSync(input, 20_000_000_000);
});
afterEach(() => {
  const survivors = bench.survivors();
  // Where a promise is broken they would run on for ever.
  for (const pid of survivors) process.kill(Number(pid), 'SIGKILL');
  expect(survivors).toEqual([]);
  expect(readdirSync(outputs)).toEqual([]);
});
afterAll(() => bench[Symbol.dispose]());

interface Settings {
  readonly path?: string;
  /** `convert` writes into a file: it does not notice that nobody reads its output any more, as the default does. */
  readonly name?: 'prepareSpeech' | 'convert';
  readonly options?: object;
  readonly call?: object;
}

function start({ path = process.env['PATH'] ?? '', name = 'prepareSpeech', options = {}, call = {} }: Settings): ChildProcess {
  const module = fileURLToPath(new URL('testing/prepare-child.ts', import.meta.url));
  const given = { acceptTruncated: true, niceness: 0, limits: { stallMs: 100_000, openTimeoutMs: 100_000 }, disk: { reserveBytes: 0 }, ...options };
  return spawn(process.execPath, ['--conditions=@media-jobs/source', module, work, input, out, name, JSON.stringify(given), JSON.stringify(call)], { env: { ...process.env, PATH: path }, stdio: ['ignore', 'ignore', 'inherit'] });
}

const lineOf = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
  } catch {
    // It has ended meanwhile.
    return '';
  }
};
const programs = (): readonly string[] => bench.survivors().filter((pid) => / (?:-timelimit|-show_error) /.test(lineOf(pid)));

/** Waits until a program that is marked by `sign` in its arguments runs, and kills its parent. */
async function killInMidRun(settings: Settings, sign: string): Promise<void> {
  const parent = start(settings);
  const gone = once(parent, 'exit');
  try {
    await vi.waitFor(() => expect(programs().filter((pid) => lineOf(pid).includes(sign))).toHaveLength(1), { timeout: 60_000, interval: 20 });
  } finally {
    parent.kill('SIGKILL');
    await gone;
  }
}

async function nextStart(): Promise<void> {
  await using folder = await openWorkFolder({ folder: work });
  expect(folder.openingSweep.errors).toEqual([]);
  expect(readdirSync(folder.tempFolder)).toEqual([]);
  expect(bench.parts().filter((name) => name.startsWith('outputs'))).toEqual([]);
}

test('ffmpeg is gone at once with a parent that is killed in the middle, and the next start removes the files', async () => {
  await killInMidRun({}, '-timelimit');
  await vi.waitFor(() => expect(programs()).toEqual([]), { timeout: 5_000, interval: 10 });
  expect(readdirSync(`${work}/temp`).length + bench.parts().filter((name) => name.startsWith('outputs')).length).toBeGreaterThan(0);
  await nextStart();
});

test('ffprobe too', async () => {
  const ffprobe = fakeProgram(bench, 'ffprobe', 'stuck-probe', 'while :; do sleep 0.05; done');
  await killInMidRun({ options: { binaries: { ffprobe } } }, '-show_error');
  await vi.waitFor(() => expect(programs()).toEqual([]), { timeout: 5_000, interval: 10 });
  await nextStart();
});

test('where the kernel does not end it, ffmpeg ends itself when its processor time is used up', async () => {
  await killInMidRun({ path: bare, name: 'convert', options: { threads: 1 }, call: { timeoutMs: 3_000, exact: true } }, '-timelimit');
  expect(programs()).toHaveLength(1);
  await vi.waitFor(() => expect(programs()).toEqual([]), { timeout: 90_000, interval: 100 });
  await nextStart();
});

test('where it would go on for an hour, the next start ends it', async () => {
  await killInMidRun({ path: bare, name: 'convert' }, '-timelimit');
  expect(programs()).toHaveLength(1);
  await nextStart();
  await vi.waitFor(() => expect(programs()).toEqual([]), { timeout: 10_000, interval: 10 });
});

test('a probe that spins is ended by the kernel though nobody watches it', async () => {
  const ffprobe = fakeProgram(bench, 'ffprobe', 'spinning-probe', 'while :; do :; done');
  // The death of the parent alone would end it, so it is given a parent that is only frozen.
  const parent = start({ options: { binaries: { ffprobe }, limits: { probeTimeoutMs: 1_000 } } });
  const gone = once(parent, 'exit');
  await vi.waitFor(() => expect(programs().filter((pid) => lineOf(pid).includes('-show_error'))).toHaveLength(1), { timeout: 60_000, interval: 5 });
  parent.kill('SIGSTOP');
  try {
    await vi.waitFor(() => expect(programs().filter((pid) => lineOf(pid).includes('-show_error'))).toEqual([]), { timeout: 90_000, interval: 50 });
  } finally {
    parent.kill('SIGKILL');
    await gone;
  }
  await nextStart();
  expect(existsSync(out)).toBe(false);
});
