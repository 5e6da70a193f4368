/**
 * Clips one after another: `@media-jobs/whisper` against `nodejs-whisper` as its README calls it, and against bare `whisper-cli` for each file. All
 * run the same whisper-cli. `node --conditions=@media-jobs/source benchmarks/whisper.bench.ts [clips] [sizes, as base,small] [rounds] [phrases]`; needs ffmpeg, espeak-ng and a built whisper-cli.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildWhisperCli, createWhisper } from '@media-jobs/whisper';
import { alternate, median, report, table } from './report.ts';
import { phrases, speakProgramme } from '../packages/whisper/src/testing/programme.ts';
import { wordErrorRate } from '../packages/whisper/src/testing/word-error-rate.ts';
import { writeSizedModel, type Size } from './support/sized-model.ts';

const clipCount = Number(process.argv[2] ?? 20);
const sizes = (process.argv[3] ?? 'base,small').split(',') as Size[];
const rounds = Number(process.argv[4] ?? 1);
const seconds = 10;
const phraseCount = Number(process.argv[5] ?? 60);
const folder = mkdtempSync(join(tmpdir(), 'media-jobs-bench-'));
const root = fileURLToPath(new URL('..', import.meta.url));
/** Inside node_modules, so that a copy of the package finds what it depends on. */
const copy = join(root, 'node_modules', '.cache', `bench-nodejs-whisper-${process.pid}`);
const silent = { log: () => undefined, debug: () => undefined, error: () => undefined };

type NodeWhisper = (file: string, options: object) => Promise<string>;

/** The package as it is, with the program already built: compiling is not what is compared. It writes into its own folder, so a copy serves. */
async function loadPeer(command: string): Promise<NodeWhisper> {
  cpSync(join(root, 'node_modules', 'nodejs-whisper', 'dist'), join(copy, 'dist'), { recursive: true });
  const bin = join(copy, 'cpp', 'whisper.cpp', 'build', 'bin');
  mkdirSync(bin, { recursive: true });
  symlinkSync(command, join(bin, 'whisper-cli'));
  const module = (await import(pathToFileURL(join(copy, 'dist', 'index.js')).href)) as { nodewhisper: NodeWhisper };
  return module.nodewhisper;
}

function makeClips(): string[] {
  const voice = join(folder, 'voice.wav');
  execFileSync('espeak-ng', ['-w', voice, 'The quick brown fox jumps over the lazy dog, and the dog does not mind at all. It was raining all afternoon, and nobody went out.']);
  return Array.from({ length: clipCount }, (_, index) => {
    const file = join(folder, `clip-${index}.wav`);
    execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', '-stream_loop', '-1', '-i', voice, '-t', String(seconds), '-af', `volume=${1 - index / 50}`, '-ar', '16000', '-ac', '1', '-c:a', 'pcm_s16le', file]);
    return file;
  });
}

const percent = (ratio: number): string => `${(100 * ratio).toFixed(1)} %`;
const wordsIn = (text: string): string => text.replaceAll(/\[[^\]]*\]/g, '').replaceAll(/\s+/g, ' ').trim();

interface Heard {
  readonly ms: number;
  readonly texts: string;
}

async function timed(hear: () => Promise<readonly string[]>): Promise<Heard> {
  const began = performance.now();
  const texts = await hear();
  const ms = performance.now() - began;
  process.stderr.write(`${Math.round(ms)} ms\n`);
  return { ms, texts: texts.map(wordsIn).join('|') };
}

const names = ['`whisper.transcribe`, all at once', '`nodejs-whisper`, as its README', 'bare `whisper-cli` a file', '`whisper.transcribe` with `fitContext`'] as const;

/** All ways with a model of one size. */
async function compare(command: string, nodewhisper: NodeWhisper, clips: readonly string[], size: Size): Promise<{ readonly rows: readonly (readonly string[])[]; readonly summary: string }> {
  const model = writeSizedModel(join(folder, `ggml-${size}.en.bin`), size);
  const ours = (fitContext: boolean) => async (): Promise<string[]> => {
    await using whisper = await createWhisper({ model, engine: 'whisper-cli', whisperCli: { command }, fitContext });
    const transcripts = await Promise.all(clips.map((clip) => whisper.transcribe(clip, { language: 'en' })));
    return transcripts.map(({ text }) => text);
  };
  const each = (hear: (clip: string) => Promise<string> | string) => async (): Promise<string[]> => {
    const texts: string[] = [];
    for (const clip of clips) texts.push(await hear(clip));
    return texts;
  };
  const ways = [
    ours(false),
    each((clip) => nodewhisper(clip, { modelName: `${size}.en`, modelRootPath: folder, logger: silent, whisperOptions: { outputInSrt: true } })),
    each((clip) => execFileSync(command, ['-m', model, '-l', 'en', '-osrt', '-f', clip], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })),
    ours(true),
  ];
  const figures = await alternate(rounds, Object.fromEntries(ways.map((hear, index) => [String(index), () => timed(hear)])));
  const heard = ways.map((_, index) => figures[String(index)] ?? []);
  const times = heard.map((all) => median(all.map(({ ms }) => ms)));
  const said = heard[0]?.[0]?.texts;
  const ratio = (index: number, other: number): string => ((times[index] ?? Number.NaN) / (times[other] ?? Number.NaN)).toFixed(2);
  const rows = names.map((name, index) => [size, name, ((times[index] ?? Number.NaN) / 1000).toFixed(1), `${ratio(index, 0)} ×`, heard[index]?.every(({ texts }) => texts === said) === true ? 'the same' : 'another']);
  return { rows, summary: `With the size of ${size}: ${ratio(1, 0)} × faster than \`nodejs-whisper\` by default, ${ratio(1, 3)} × with \`fitContext\`.` };
}

try {
  const { command } = await buildWhisperCli();
  const clips = makeClips();
  const nodewhisper = await loadPeer(command);
  const results: Awaited<ReturnType<typeof compare>>[] = [];
  for (const size of sizes) results.push(await compare(command, nodewhisper, clips, size));
  const [plain, short] = [await wordErrorsOf(command, false), await wordErrorsOf(command, true)];
  await report('whisper', `${clipCount} clips of ${seconds} s`, `\`benchmarks/whisper.bench.ts\`: random models of the size of ${sizes.map((size) => `${size}.en`).join(' and ')} whose decoder ends early; seconds for all clips, ${rounds === 1 ? 'one run each' : `medians of ${rounds} rounds`}, the same build of
whisper-cli for all. Ours is called as its README says: one beam; the others search with five, which is their default.${clipCount < 20 || sizes.includes('tiny') ? ' Cut down from 20 clips and the size of base.en, so that it ended in time.' : ''}

${table([['size', 'way', 'seconds', 'to ours', 'text'], ...results.flatMap(({ rows }) => rows)])}

${results.map(({ summary }) => summary).join('\n')}
Goals: at least 1.15 × by default, 2.5 × with \`fitContext\`.

Words with \`fitContext\`: of ${phraseCount} synthesised phrases of one to four words, each in a file of its own, the fixture model hears ${percent(plain)} of the words wrong
without it and ${percent(short)} with it. That says little of other models: one that was trained on windows of 30 s alone never met shorter ones.`);
} finally {
  rmSync(folder, { recursive: true });
  if (existsSync(copy)) rmSync(copy, { recursive: true });
}

/** With the model of the fixture, which knows words; the random one knows none. */
async function wordErrorsOf(command: string, fitContext: boolean): Promise<number> {
  await using whisper = await createWhisper({ model: join(root, 'fixtures', 'twenty-words.en.ggml.bin'), engine: 'whisper-cli', whisperCli: { command }, fitContext, keepAliveMs: Infinity });
  const said = phrases(phraseCount, 20_261_128);
  const { single } = await speakProgramme(mkdtempSync(join(folder, 'said-')), said, 20_261_128);
  const pairs: { readonly said: string; readonly heard: string }[] = [];
  for (const [index, file] of single.entries()) pairs.push({ said: said[index] ?? '', heard: (await whisper.transcribe(file)).text });
  process.stderr.write(`word error rate, fitContext ${fitContext}: ${percent(wordErrorRate(pairs))}\n`);
  return wordErrorRate(pairs);
}
