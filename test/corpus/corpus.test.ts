import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createFfmpeg } from '@media-jobs/ffmpeg';
import { createWorkbench } from '../../packages/ffmpeg/src/testing/workbench.ts';
import { afterAll, expect, test } from 'vitest';
import { baseSeconds, makeBases } from './bases.ts';
import { corpusFiles, type CorpusFile } from './corpus-files.ts';
import { withCorpusTables, type Tried } from './corpus-page.ts';
import { createRandom, seedOf } from './random.ts';
import { tryFile, type Outcome } from './try-file.ts';

const whole = process.env['CORPUS'] === 'whole';
const seed = Number(process.env['CORPUS_SEED'] ?? 1);
const workers = Number(process.env['CORPUS_WORKERS'] ?? 2);
const page = fileURLToPath(new URL('../../docs/corpus.md', import.meta.url));

const maxSeconds = 900;
const limits = { maxDurationSeconds: maxSeconds, stallMs: 5_000 };
const bench = createWorkbench();
const options = { limits, concurrency: workers, niceness: 0, disk: { reserveBytes: 0 } };
const [strict, lenient] = [createFfmpeg(options), createFfmpeg({ ...options, acceptTruncated: true })];

afterAll(() => {
  expect(bench.survivors()).toEqual([]);
  expect(bench.openFiles()).toEqual([]);
  bench[Symbol.dispose]();
});

/** One in three of the files that are refused as cut off are tried again as they are: what ffmpeg makes of them must end, too. */
function isTriedAgain(file: CorpusFile, { code }: Outcome): boolean {
  return code === 'TRUNCATED' && createRandom(seedOf(file.name)).whole(3) === 0;
}

async function tryOne(file: CorpusFile, folder: string): Promise<Tried> {
  mkdirSync(folder, { recursive: true });
  const [input, output] = [join(folder, file.name), join(folder, 'out.wav')];
  file.make(input);
  const first = await tryFile(strict, input, output, maxSeconds);
  const second = isTriedAgain(file, first) ? await tryFile(lenient, input, output, maxSeconds) : undefined;
  rmSync(folder, { recursive: true, force: true });
  const expected = file.codes === undefined || file.codes.includes(first.code) ? [] : [`${first.code} instead of ${file.codes.join(' or ')}`];
  const short = file.mutation === 'none' && Math.abs(first.seconds - baseSeconds) > 0.2 ? [`gave ${first.seconds} s`] : [];
  const faults = [...first.faults, ...(second?.faults ?? []), ...expected, ...short];
  return { file, outcome: { ...first, elapsedMs: Math.max(first.elapsedMs, second?.elapsedMs ?? 0), peakRssBytes: Math.max(first.peakRssBytes, second?.peakRssBytes ?? 0), faults } };
}

async function tryAll(files: readonly CorpusFile[]): Promise<readonly Tried[]> {
  const left = files.entries();
  const tried: Tried[] = [];
  const work = async (): Promise<void> => {
    for (const [index, file] of left) tried[index] = await tryOne(file, bench.path(`file-${index}`));
  };
  await Promise.all(Array.from({ length: workers }, work));
  return tried;
}

test(
  whole ? 'every file of the whole corpus ends in time, with verified sound or a code of its own, within memory and disk, and leaves nothing' : 'a part of the corpus ends as promised',
  async () => {
    const files = corpusFiles(makeBases(bench.folder), seed, whole);
    const tried = await tryAll(files);
    const broken = tried.filter(({ outcome }) => outcome.faults.length > 0).map(({ file, outcome }) => `${file.container}, ${file.mutation}, ${file.name}: ${outcome.faults.join('; ')}`);
    if (whole && broken.length === 0) writeFileSync(page, withCorpusTables(readFileSync(page, 'utf8'), tried, seed));
    expect(broken).toEqual([]);
    if (whole) expect(tried.length).toBeGreaterThanOrEqual(2_000);
  },
  whole ? 7_200_000 : 600_000,
);
