/**
 * Does memory grow with the length of the audio?
 * `node --conditions=@media-jobs/source benchmarks/memory.bench.ts [hours]`; needs ffmpeg, and 3.5 GB of disk for ten hours.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFfmpeg } from '@media-jobs/ffmpeg';
import { report, table } from './report.ts';

const hours = Number(process.argv[2] ?? 10);
const folder = await mkdtemp(join(tmpdir(), 'media-jobs-bench-'));
const ffmpeg = createFfmpeg();

function make(name: string, seconds: number): string {
  const file = join(folder, name);
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', '-f', 'lavfi', '-i', 'sine=f=300:r=16000', '-t', String(seconds), '-c:a', 'flac', file]);
  return file;
}

/** MiB: the most of ffmpeg, of our heap with its buffers, and of this process. */
async function peaks(input: string): Promise<readonly [number, number, number]> {
  let [child, ours, resident] = [0, 0, 0];
  const look = (): void => {
    const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
    ours = Math.max(ours, heapUsed + arrayBuffers);
    resident = Math.max(resident, rss);
  };
  const timer = setInterval(look, 50);
  await ffmpeg.prepareSpeech(input, join(folder, 'out.wav'), { overwrite: true, waveform: { file: join(folder, 'out.png') }, onUsage: ({ peakRssBytes }) => void (child = Math.max(child, peakRssBytes)) });
  clearInterval(timer);
  return [child / 2 ** 20, ours / 2 ** 20, resident / 2 ** 20];
}

try {
  await peaks(make('warm.flac', 10));
  const rows: string[][] = [];
  for (const [name, seconds] of [['1 minute', 60], ['1 hour', 3_600], [`${hours} hours`, hours * 3_600]] as const) {
    const [child, ours, resident] = await peaks(make('in.flac', seconds));
    rows.push([name, child.toFixed(0), ours.toFixed(0), resident.toFixed(0)]);
  }
  await report(
    'memory',
    'Memory by length',
    `\`benchmarks/memory.bench.ts\`: \`prepareSpeech\` with a picture, from FLAC of 16 kHz, the peaks in MiB, sampled. One run each, in one process, shortest first.

${table([['audio', 'ffmpeg', 'our heap and buffers', 'our process'], ...rows])}`,
  );
} finally {
  await rm(folder, { recursive: true });
}
