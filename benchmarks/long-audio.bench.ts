/**
 * One long file: against one bare `whisper-cli`, its memory from a minute to ten hours, the time from an abort to a process that is gone, and from a submit to
 * the first segment that can be read. All with the same whisper-cli and one thread, so that processor time can be compared on a machine that also does other things.
 * `node --conditions=@media-jobs/source benchmarks/long-audio.bench.ts [minutes] [tiny|base|small] [hours of the bare program]`; needs ffmpeg, espeak-ng and a built whisper-cli.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, copyFileSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMediaJobs, createMemoryStore } from '@media-jobs/core';
import { createFfmpeg } from '@media-jobs/ffmpeg';
import { buildWhisperCli, createWhisper, transcribe, type Whisper, type WhisperOptions } from '@media-jobs/whisper';
import { writeScriptedModel } from '../packages/whisper/src/testing/scripted-model.ts';
import { wavHeader } from '../packages/whisper/src/wav/wav-header.ts';
import { median, report, table } from './report.ts';
import { writeSizedModel, type Size } from './support/sized-model.ts';

const minutes = Number(process.argv[2] ?? 12);
const size = (process.argv[3] ?? 'base') as Size;
const bareHours = Number(process.argv[4] ?? 2);
/** More than one chunk. */
const denseMinutes = 12;
const rate = 16_000;
const folder = mkdtempSync(join(tmpdir(), 'media-jobs-bench-'));

/** So much synthesised speech, with the pauses between its sentences, said again and again. */
function speechOf(lengthSeconds: number): string {
  const [voice, file] = [join(folder, 'voice.wav'), join(folder, `speech-${lengthSeconds}.wav`)];
  execFileSync('espeak-ng', ['-w', voice, 'The quick brown fox jumps over the lazy dog. And the dog does not mind at all. It was raining all afternoon, and nobody went out. So they stayed at home, and read.']);
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', '-stream_loop', '-1', '-i', voice, '-t', String(lengthSeconds), '-ar', String(rate), '-ac', '1', '-c:a', 'pcm_s16le', '-bitexact', file]);
  return file;
}

/** The speech, and then silence up to so many hours with two seconds of sound in each quarter of an hour; a file with holes. */
function lengthened(speech: string, hours: number): string {
  const [file, samples] = [join(folder, `${hours}-hours.wav`), hours * 3600 * rate];
  copyFileSync(speech, file);
  const handle = openSync(file, 'r+');
  writeSync(handle, wavHeader(samples), 0, 44, 0);
  const buzz = Int16Array.from({ length: 2 * rate }, (_, index) => (Math.floor(index / 10) % 2 === 0 ? 6000 : -6000));
  for (let second = statSync(speech).size / 2 / rate + 400; second + 2 < hours * 3600; second += 900) writeSync(handle, Buffer.from(buzz.buffer), 0, buzz.byteLength, 44 + 2 * rate * Math.round(second));
  closeSync(handle);
  truncateSync(file, 44 + 2 * samples);
  return file;
}

interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly engineBytes: number;
  /** Of this process: what it had more than before. */
  readonly ownBytes: number;
}

const create = (model: string, command: string, more: Partial<WhisperOptions> = {}): Promise<Whisper> => createWhisper({ model, engine: 'whisper-cli', whisperCli: { command }, threads: 1, ...more });

async function ours(model: string, command: string, file: string): Promise<Cost> {
  await using whisper = await create(model, command);
  const cost = { cpuMs: 0, engineBytes: 0 };
  const before = process.memoryUsage.rss();
  let peak = before;
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 50);
  const began = performance.now();
  await whisper.transcribe(file, {
    language: 'en',
    onUsage({ cpuMs, peakRssBytes }) {
      cost.cpuMs += cpuMs;
      cost.engineBytes = Math.max(cost.engineBytes, peakRssBytes);
    },
  });
  clearInterval(timer);
  return { ...cost, wallMs: performance.now() - began, ownBytes: peak - before };
}

/** The program by itself, as its help says, with the one beam that ours has by default. With `until`, it is ended when it has said that. */
async function bare(model: string, command: string, file: string, until?: RegExp): Promise<Cost> {
  const began = performance.now();
  const child = spawn(command, ['-m', model, '-t', '1', '-l', 'en', '-bs', '1', '-ojf', '-of', join(folder, 'bare'), '-pp', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  const gone = once(child, 'close');
  const seen = { cpuMs: 0, engineBytes: 0 };
  const look = (): void => void Object.assign(seen, pulseOf(Number(child.pid)) ?? seen);
  const timer = setInterval(look, 50);
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    look();
    if (until?.test(text) === true) child.kill('SIGKILL');
  });
  await gone;
  clearInterval(timer);
  return { ...seen, wallMs: performance.now() - began, ownBytes: 0 };
}

function pulseOf(pid: number): Pick<Cost, 'cpuMs' | 'engineBytes'> | undefined {
  if (!existsSync(`/proc/${pid}/stat`)) return undefined;
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  const peak = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  return peak === undefined ? undefined : { cpuMs: 10 * (Number(fields[11]) + Number(fields[12])), engineBytes: 1024 * Number(peak) };
}

/** From an abort in the middle of long audio until the call has rejected, with the engine gone. */
async function abortOnce(model: string, command: string, file: string): Promise<number> {
  await using whisper = await create(model, command);
  const [stop, heard] = [new AbortController(), Promise.withResolvers<void>()];
  const run = whisper.transcribe(file, { language: 'en', signal: stop.signal, onSegment: () => heard.resolve() }).catch((error: unknown) => error);
  await heard.promise;
  const began = performance.now();
  stop.abort();
  await run;
  return performance.now() - began;
}

/** From `submit` to the first segment among the events of the job, which is then cancelled. */
async function firstSegment(whisper: Whisper, file: string): Promise<number> {
  await using jobs = await createMediaJobs({ operations: [transcribe({ whisper, speech: createFfmpeg() })], store: createMemoryStore(), workFolder: mkdtempSync(join(folder, 'jobs-')) });
  const began = performance.now();
  const job = await jobs.submit('transcribe', { file, language: 'en', waveform: false });
  for await (const { parts = [] } of job.events()) if (parts.length > 0) break;
  const ms = performance.now() - began;
  await job.cancel();
  return ms;
}

const timesOf = async (count: number, measure: () => Promise<number>): Promise<number[]> => {
  const times: number[] = [];
  for (let round = 0; round < count; round += 1) times.push(await measure());
  return times;
};

async function firstSegments(model: string, command: string, file: string, rounds: number): Promise<{ readonly cold: number; readonly warm: number }> {
  await using cold = await create(model, command);
  const coldMs = median(await timesOf(rounds, () => firstSegment(cold, file)));
  await using warm = await create(model, command, { keepAliveMs: Infinity });
  const clip = speechOf(10);
  // A cancel ends the engine, so it is warmed anew for each.
  const warmMs = median(await timesOf(rounds, async () => {
    await warm.transcribe(clip, { language: 'en' });
    return firstSegment(warm, file);
  }));
  return { cold: coldMs, warm: warmMs };
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
const seconds = (ms: number): string => (ms / 1000).toFixed(1);
const say = (what: string): void => void process.stderr.write(`${what}\n`);

try {
  const { command } = await buildWhisperCli();
  const model = writeSizedModel(join(folder, `${size}.bin`), size);
  const quick = writeScriptedModel(join(folder, 'quick.bin'), { segments: [{ start: 0, end: 2, text: ' word' }] });
  const speech = speechOf(60 * minutes);

  say('memory by length');
  const dense = speechOf(60 * denseMinutes);
  // The first fills caches.
  await ours(quick, command, speechOf(60));
  const flat: (readonly [string, Cost])[] = [];
  for (const [name, file] of [['1 min', speechOf(60)], [`${denseMinutes} min`, dense], ['2 h', lengthened(dense, 2)], ['10 h', lengthened(dense, 10)]] as const) flat.push([name, await ours(quick, command, file)]);
  say('bare whisper-cli on a very long file, until its first window');
  const early = await bare(model, command, lengthened(dense, bareHours), /progress =/);
  say(`ours, ${minutes} min`);
  const mine = await ours(model, command, speech);
  say(`bare whisper-cli, ${minutes} min`);
  const alone = await bare(model, command, speech);
  say('aborts');
  const aborts = await timesOf(5, () => abortOnce(model, command, speech));
  say('first segments');
  const clip = await firstSegments(model, command, speechOf(10), 3);
  const long = await firstSegments(model, command, speech, 1);

  const row = (name: string, { wallMs, cpuMs, engineBytes, ownBytes }: Cost): string[] => [name, seconds(wallMs), seconds(cpuMs), megabytes(engineBytes), megabytes(ownBytes)];
  const ratio = (one: number, other: number): string => (one / other).toFixed(2);
  const memory = (mine.engineBytes + mine.ownBytes) / early.engineBytes;
  await report('long-audio', 'One long file', `\`benchmarks/long-audio.bench.ts\`: synthesised speech, the same build of whisper-cli and one thread for all, one run each. The model is a random one of the size
of ${size}.en whose decoder ends early; in the second table a far smaller one, since there only memory is asked for.${size === 'tiny' ? ' Cut down from the size of base.en, so that it ended in time.' : ''}

${table([['one file', 'seconds', 'of processor time', 'engine, MB', 'Node, more MB'], row(`\`whisper.transcribe\`, ${minutes} min`, mine), row(`bare \`whisper-cli\`, ${minutes} min`, alone), row(`bare \`whisper-cli\`, ${bareHours} h, ended after its first window`, early)])}

Ours takes ${ratio(mine.cpuMs, alone.cpuMs)} × the processor time of one bare whisper-cli and ${ratio(mine.wallMs, alone.wallMs)} × its time (goal: at most 1.05 ×); engine and Node together take
${memory.toFixed(2)} × the memory that it has taken at ${bareHours} h before it hears the second window (goal: at most 0.5 ×).

${table([['length', 'engine, MB', 'Node, more MB'], ...flat.map(([name, { engineBytes, ownBytes }]) => [name, megabytes(engineBytes), megabytes(ownBytes)])])}

Two and ten hours are ${denseMinutes} minutes of speech, more than the longest chunk, then silence with two seconds of sound in each quarter of an hour.

${table([['from `submit` to the first segment', 'cold, s', 'warm, s'], ['a clip of 10 s, median of 3', seconds(clip.cold), seconds(clip.warm)], [`${minutes} min, all of which ffmpeg reads first; once`, seconds(long.cold), seconds(long.warm)]])}

From an abort in the middle of the long file to a process that is gone: ${median(aborts).toFixed(0)} ms, ${Math.max(...aborts).toFixed(0)} ms at most of ${aborts.length} (goal: below 1,000 ms).`);
} finally {
  rmSync(folder, { recursive: true });
}
