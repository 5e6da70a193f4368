/**
 * Is one call that does everything faster than one call for each step?
 * `node --conditions=@media-jobs/source benchmarks/operations.bench.ts [rounds] [seconds]`; needs ffmpeg and espeak-ng.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFfmpeg } from '@media-jobs/ffmpeg';
import { alternate, median, report, table } from './report.ts';

const rounds = Number(process.argv[2] ?? 5);
const seconds = Number(process.argv[3] ?? 300);
const folder = await mkdtemp(join(tmpdir(), 'media-jobs-bench-'));
const ffmpeg = createFfmpeg();
const at = (name: string): string => join(folder, name);

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

const options = { overwrite: true } as const;

async function oneCallEach(): Promise<void> {
  await ffmpeg.extractAudio(at('film.m4a'), at('sound.m4a'), options);
  await ffmpeg.toMono(at('sound.m4a'), at('mono.wav'), options);
  await ffmpeg.resample(at('mono.wav'), at('rate.wav'), { ...options, sampleRate: 16_000 });
  await ffmpeg.highpass(at('rate.wav'), at('high.wav'), options);
  await ffmpeg.denoise(at('high.wav'), at('quiet.wav'), options);
  await ffmpeg.normalizeLoudness(at('quiet.wav'), at('even.wav'), options);
  await ffmpeg.waveform(at('even.wav'), at('even.png'), options);
}

try {
  execFileSync('espeak-ng', ['-w', at('voice.wav'), 'The quick brown fox jumps over the lazy dog. We went to the market, and bought apples, pears and a loaf of bread.']);
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', '-stream_loop', '-1', '-i', at('voice.wav'), '-t', String(seconds), '-ar', '48000', '-ac', '2', '-c:a', 'aac', '-b:a', '128k', at('film.m4a')]);
  const figures = await alternate(rounds, {
    all: () => timed(() => ffmpeg.prepareSpeech(at('film.m4a'), at('speech.wav'), { ...options, denoise: 'light', waveform: { file: at('speech.png') } })),
    each: () => timed(oneCallEach),
    loudnorm: () => timed(() => ffmpeg.normalizeLoudness(at('film.m4a'), at('loudnorm.wav'), { ...options, method: 'loudnorm', sampleRate: 48_000 })),
  });
  const base = median(figures.all);
  const labels = { all: 'all in one `prepareSpeech`, with noise reduction and picture', each: 'seven calls: extract, mono, 16 kHz, high-pass, noise, loudness, picture', loudnorm: 'loudness alone, by two passes of loudnorm at 48 kHz' };
  const rows = Object.entries(figures).map(([name, values]) => [labels[name as keyof typeof labels], median(values).toFixed(0), Math.min(...values).toFixed(0), Math.max(...values).toFixed(0), `${(median(values) / base).toFixed(2)} ×`]);
  await report(
    'operations',
    'One call against one call each',
    `\`benchmarks/operations.bench.ts\`: ${seconds} s of AAC, 48 kHz, stereo, ${rounds} rounds, milliseconds.

${table([['way', 'median', 'lowest', 'highest', 'to one call'], ...rows])}

Goals: one call each at least 2 ×; two passes of loudnorm at least 3 ×.`,
  );
} finally {
  await rm(folder, { recursive: true });
}
