/**
 * `prepareSpeech` on ten minutes of audio, against the same passes run from a shell, and against classic two-pass loudnorm.
 * `node --conditions=@media-jobs/source benchmarks/overhead.bench.ts [rounds] [seconds]`; needs ffmpeg and espeak-ng.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFfmpeg } from '@media-jobs/ffmpeg';
import { alternate, median, report, table } from './report.ts';

const rounds = Number(process.argv[2] ?? 7);
/** Two-pass loudnorm takes so long that a few rounds of it tell enough. */
const classicRounds = Math.min(3, rounds);
const seconds = Number(process.argv[3] ?? 600);
const folder = await mkdtemp(join(tmpdir(), 'media-jobs-bench-'));
const ffmpeg = createFfmpeg();

const text = 'The quick brown fox jumps over the lazy dog. We went to the market, and bought apples, pears and a loaf of bread. It was raining all afternoon.';
const format = 'aresample=48000,aformat=channel_layouts=stereo';
/** Speech as it was recorded, whose peaks the limiter must hold down; and the same as a broadcaster would send it, which needs one gain only. */
const processing = { recorded: format, compressed: `${format},acompressor=threshold=0.02:ratio=12:attack=1:release=60:makeup=4,volume=-6dB` };
type Programme = keyof typeof processing;

async function makeProgramme(name: Programme): Promise<string> {
  const [voice, file] = [join(folder, 'voice.wav'), join(folder, `${name}.m4a`)];
  execFileSync('espeak-ng', ['-w', voice, text]);
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', '-stream_loop', '-1', '-i', voice, '-t', String(seconds), '-af', processing[name], '-c:a', 'aac', '-b:a', '128k', file]);
  return file;
}

const scripts = {
  /** Decode, filter and measure in one pass; then one gain with a limiter. The gain is worked out by awk. */
  passes: `set -e
ffmpeg -hide_banner -nostdin -nostats -v info -y -i "$1" -vn -af aformat=sample_rates=16000:channel_layouts=mono,highpass=f=80,ebur128=peak=true:framelog=verbose -ar 16000 -c:a pcm_f32le "$2.staged.wav" 2> "$2.log"
gain=$(awk '/Summary:/ { on = 1 } on && $1 == "I:" { print -16 - $2 }' "$2.log" | tail -1)
ffmpeg -v error -nostdin -y -i "$2.staged.wav" -af "volume=\${gain}dB,alimiter=limit=0.8414:level=disabled" -ar 16000 -ac 1 -c:a pcm_s16le "$2"`,
  /** As most tutorials have it: both passes from the source, at its own rate and channels. */
  loudnorm: `set -e
ffmpeg -hide_banner -nostdin -nostats -v info -y -i "$1" -vn -af loudnorm=I=-16:TP=-1.5:LRA=11:print_format=json -f null - 2> "$2.log"
field() { sed -n "s/.*\\"$1\\" : \\"\\(.*\\)\\".*/\\1/p" "$2.log" | tail -1; }
ffmpeg -v error -nostdin -y -i "$1" -vn -af "loudnorm=I=-16:TP=-1.5:LRA=11:measured_I=$(field input_i "$2"):measured_TP=$(field input_tp "$2"):measured_LRA=$(field input_lra "$2"):measured_thresh=$(field input_thresh "$2"):offset=$(field target_offset "$2"):linear=true,highpass=f=80" -ar 16000 -ac 1 -c:a pcm_s16le "$2"`,
  /** No loudness at all: what decoding alone costs. */
  decode: `exec ffmpeg -v error -nostdin -y -i "$1" -vn -af aformat=sample_rates=16000:channel_layouts=mono,highpass=f=80 -c:a pcm_s16le "$2"`,
};

/** Processor time of this process and of all children that have ended, in milliseconds. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  const ticks = readFileSync('/proc/self/stat', 'latin1').split(') ')[1]?.split(' ').slice(13, 15).map(Number) ?? [];
  return (user + system) / 1000 + ticks.reduce((sum, part) => sum + part, 0) * 10;
}

/** Processor time of each run, by contestant: on a busy machine it says more than wall time. */
const processor = new Map<string, number[]>();

async function timed(contestant: string, work: () => unknown): Promise<number> {
  const [began, used] = [performance.now(), processorMs()];
  await work();
  const wall = performance.now() - began;
  processor.set(contestant, [...(processor.get(contestant) ?? []), processorMs() - used]);
  return wall;
}

async function measure(name: Programme): Promise<readonly (readonly string[])[]> {
  const input = await makeProgramme(name);
  const shell = (script: keyof typeof scripts) => (): Promise<number> => timed(script, () => execFileSync('sh', [join(folder, script), input, join(folder, `${script}.wav`)], { stdio: 'ignore' }));
  const ours = async (contestant: string, more: object = {}): Promise<number> => timed(contestant, () => ffmpeg.prepareSpeech(input, join(folder, 'ours.wav'), { overwrite: true, ...more }));
  await ours('ours');
  processor.clear();
  const close = await alternate(rounds, {
    ours: () => ours('ours'),
    passes: shell('passes'),
    'with picture': () => ours('with picture', { waveform: { file: join(folder, 'ours.png') } }),
    decode: shell('decode'),
  });
  const figures = { ...close, ...(await alternate(classicRounds, { loudnorm: shell('loudnorm') })) };
  const base = median(figures.ours);
  const labels = { ours: '`prepareSpeech`', 'with picture': '`prepareSpeech` with waveform picture', passes: 'the same passes from a shell', loudnorm: 'two-pass loudnorm from a shell', decode: 'decoding alone, loudness as it is' };
  return Object.entries(figures).map(([key, values]) => [
    name,
    labels[key as keyof typeof labels],
    median(values).toFixed(0),
    Math.min(...values).toFixed(0),
    Math.max(...values).toFixed(0),
    `${(median(values) / base).toFixed(2)} ×`,
    median(processor.get(key) ?? []).toFixed(0),
  ]);
}

try {
  for (const [name, script] of Object.entries(scripts)) await writeFile(join(folder, name), script);
  const rows = [...(await measure('recorded')), ...(await measure('compressed'))];
  const ratio = (programme: Programme, label: string): number => Number.parseFloat(rows.find((row) => row[0] === programme && row[1]?.startsWith(label))?.[5] ?? '');
  const verdicts = (['recorded', 'compressed'] as const).map((programme) => {
    const [same, classic] = [1 / ratio(programme, 'the same passes'), ratio(programme, 'two-pass')];
    return `${programme}: ${same.toFixed(2)} × the time of the same passes from a shell (goal: at most 1.03 ×); ${classic.toFixed(1)} × faster than two-pass loudnorm (goal: at least 3 ×).`;
  });
  await report(
    'overhead',
    'Speech from ten minutes of audio',
    `\`benchmarks/overhead.bench.ts\`: ${seconds} s of AAC, 48 kHz, stereo, ${rounds} rounds (${classicRounds} of loudnorm), medians in milliseconds. Probing, checking and publishing
count as ours; Node is running, and ffmpeg has been found. \`recorded\`: peaks must be held down, so \`prepareSpeech\` rehearses the
gain on excerpts and holds the true peak, where the shell's limiter holds samples only. \`compressed\`: one gain is enough.

${table([['programme', 'way', 'wall time', 'lowest', 'highest', 'to `prepareSpeech`', 'processor time'], ...rows])}

${verdicts.join('\n')}

Other work on the machine at the end: a load of ${loadavg()[1]?.toFixed(1)}. Where it is more than there are processors, wall time is mostly waiting, and processor time tells more.`,
  );
} finally {
  await rm(folder, { recursive: true });
}
