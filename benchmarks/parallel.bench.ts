/**
 * What does it gain to share an hour of audio among processes?
 * `node --conditions=@media-jobs/source benchmarks/parallel.bench.ts [rounds] [seconds]`; needs ffmpeg and espeak-ng.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFfmpeg, type Parallel } from '@media-jobs/ffmpeg';
import { alternate, median, report, table } from './report.ts';

const rounds = Number(process.argv[2] ?? 4);
const seconds = Number(process.argv[3] ?? 3600);
const cores = Math.max(2, availableParallelism());
const folder = await mkdtemp(join(tmpdir(), 'media-jobs-bench-'));
const ffmpeg = createFfmpeg({ concurrency: cores });
const input = join(folder, 'hour.m4a');

/** Milliseconds of the call, and the most processor time that one ffmpeg of it took. */
async function timed(parallel: Parallel, denoise: 'off' | 'light'): Promise<readonly [number, number]> {
  const began = performance.now();
  let longest = 0;
  await ffmpeg.prepareSpeech(input, join(folder, 'out.wav'), { overwrite: true, parallel, denoise, onUsage: ({ command, cpuMs }) => void (command.endsWith('ffmpeg') && (longest = Math.max(longest, cpuMs))) });
  return [performance.now() - began, longest];
}

try {
  const voice = join(folder, 'voice.wav');
  execFileSync('espeak-ng', ['-w', voice, 'The quick brown fox jumps over the lazy dog. We went to the market, and bought apples, pears and a loaf of bread.']);
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', '-stream_loop', '-1', '-i', voice, '-t', String(seconds), '-ar', '48000', '-ac', '2', '-c:a', 'aac', '-b:a', '128k', input]);
  const figures = await alternate(rounds, {
    'plain alone': () => timed(false, 'off'),
    'plain together': () => timed(cores, 'off'),
    'noise alone': () => timed(false, 'light'),
    'noise together': () => timed(cores, 'light'),
  });
  const wall = (name: keyof typeof figures): number => median(figures[name].map(([ms]) => ms));
  const cpu = (name: keyof typeof figures): number => median(figures[name].map(([, ms]) => ms));
  const rows = (['plain', 'noise'] as const).map((kind) => [
    kind === 'plain' ? 'speech preparation' : 'the same, with noise reduction',
    wall(`${kind} alone`).toFixed(0),
    wall(`${kind} together`).toFixed(0),
    `${(wall(`${kind} alone`) / wall(`${kind} together`)).toFixed(2)} ×`,
    `${(cpu(`${kind} together`) / cpu(`${kind} alone`)).toFixed(2)} ×`,
  ]);
  await report(
    'parallel',
    'An hour of audio, shared',
    `\`benchmarks/parallel.bench.ts\`: ${seconds} s of AAC, 48 kHz, stereo, ${rounds} rounds, medians in milliseconds; ${cores} processes and threads against one process,
beside which one event loop measures and writes.

${table([['work', 'one process', `${cores} processes`, 'gain', 'processor time of the longest part, to that of the one process (sampled)'], ...rows])}

Goal: a gain of 1.6 × on 2 idle cores, 3 × on 4. One process already keeps more than one core busy while it decodes, so plain preparation gains less than work that is
mostly ffmpeg's.`,
  );
} finally {
  await rm(folder, { recursive: true });
}
