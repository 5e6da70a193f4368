import { readdirSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Segment } from '@media-jobs/core';
import { collectLogs } from '@media-jobs/core/testing';
import { MediaJobError } from '@media-jobs/foundation';
import { expect, test } from 'vitest';
import { hearBursts, writeBursts, type Burst } from '../testing/bursts.ts';
import { seededRandom } from '../testing/random.ts';
import { testFolder } from '../testing/test-folder.ts';
import { openWav } from '../wav/open-wav.ts';
import { createCheckpoints } from './checkpoints.ts';
import { transcribeChunks, type ChunkRequest, type TranscribeChunksOptions } from './transcribe-chunks.ts';

const folder = testFolder();
let files = 0;

/** Bursts of speech's length, each with a name of its own, with gaps of random length between them. */
function someBursts(count: number, seed: number, gap: (random: () => number) => number): { readonly file: string; readonly bursts: readonly Burst[] } {
  const random = seededRandom(seed);
  let at = 0.5;
  const bursts = Array.from({ length: count }, (_, index) => {
    // Whole milliseconds, as engines tell them.
    const start = at;
    const end = Math.round((start + 0.2 + 0.6 * random()) * 1000) / 1000;
    at = Math.round((end + gap(random)) * 1000) / 1000;
    return { start, end, name: 4000 + 10 * index };
  });
  files += 1;
  return { file: writeBursts(join(folder, `bursts-${files}.wav`), at + 1, bursts), bursts };
}

const expected = (bursts: readonly Burst[]): { start: number; end: number; text: string }[] => bursts.map(({ start, end, name }) => ({ start, end, text: ` ${name}` }));
const plain = (segments: readonly Segment[]): { start: number; end: number; text: string }[] => segments.map(({ start, end, text }) => ({ start, end, text }));
const turn = (ms = 0): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

interface Heard {
  readonly requests: ChunkRequest[];
  readonly live: Segment[];
  readonly progress: number[];
  /** What each chunk was told of those that wait, when it was done. */
  readonly more: boolean[];
}

async function transcribed(file: string, options: Partial<TranscribeChunksOptions> & { readonly delay?: (request: ChunkRequest, number: number) => Promise<void> } = {}) {
  const heard: Heard = { requests: [], live: [], progress: [], more: [] };
  const temp = await mkdtemp(join(folder, 'temp-'));
  await using wav = await openWav(file);
  const hear: TranscribeChunksOptions['hear'] = async (request) => {
    const number = heard.requests.push(request);
    await options.delay?.(request, number);
    if (request.signal.aborted) throw request.signal.reason;
    const segments = hearBursts(request.wavFile);
    for (const [index, segment] of segments.entries()) {
      request.onSegment(segment);
      request.onProgress((index + 1) / segments.length);
      await turn();
    }
    heard.more.push(request.more());
    return { result: { segments, language: 'en', warnings: ['the same'] }, release: null, waitMs: 1, loadMs: 2, transcribeMs: 3, releaseMs: 4 };
  };
  const run = transcribeChunks({
    wav, chunkSeconds: 10, lanes: 1, language: 'en', tempFolder: temp, facts: { model: 'm' }, hear,
    onSegment: (segment) => heard.live.push(segment), onProgress: (ratio) => heard.progress.push(ratio), ...options,
  });
  try {
    return { ...heard, run: await run };
  } finally {
    expect(readdirSync(temp)).toEqual([]);
  }
}

test('every word is there once, at its time to the millisecond, wherever the cuts fell', async () => {
  for (let seed = 1; seed <= 6; seed += 1) {
    const { file, bursts } = someBursts(60, seed, (random) => (random() < 0.3 ? 0.3 + 2 * random() : 0.04 + 0.2 * random()));
    const { run, live, requests } = await transcribed(file);
    expect(requests.length).toBeGreaterThan(3);
    expect(plain(run?.result.segments ?? []), `seed ${seed}`).toEqual(expected(bursts));
    expect(plain(live), `seed ${seed}`).toEqual(expected(bursts));
    expect(run?.result.segments.map(({ words }) => words)).toEqual(run?.result.segments.map(({ start, end, text }) => [{ start, end, text }]));
  }
});

test('without a pause to cut in, words that two chunks have heard are there once, and none is lost', async () => {
  for (let seed = 1; seed <= 6; seed += 1) {
    const { file, bursts } = someBursts(70, 100 + seed, (random) => 0.04 + 0.1 * random());
    const { run, live } = await transcribed(file);
    const texts = (run?.result.segments ?? []).map(({ text }) => text);
    expect(texts, `seed ${seed}`).toEqual(bursts.map(({ name }) => ` ${name}`));
    expect(live.map(({ text }) => text), `seed ${seed}`).toEqual(texts);
  }
});

test('several chunks at a time give the same text, the same live order and rising progress', async () => {
  const { file } = someBursts(80, 11, (random) => 0.05 + 0.5 * random());
  const one = await transcribed(file);
  const random = seededRandom(3);
  const allThree = Promise.withResolvers<void>();
  const three = await transcribed(file, {
    lanes: 3,
    delay: async (_request, number) => {
      // The first three wait for each other, so it only ends where three run at a time.
      if (number === 3) allThree.resolve();
      await allThree.promise;
      await turn(30 * random());
    },
  });
  expect(three.run?.result).toEqual(one.run?.result);
  expect(plain(three.live)).toEqual(plain(one.live));
  expect(three.run?.chunks).toEqual({ heard: one.requests.length, resumed: 0 });
  for (const { progress } of [one, three]) {
    expect(progress).toEqual([...progress].sort((left, right) => left - right));
    expect(progress.at(-1)).toBe(1);
  }
});

test('the engine is told when nothing follows, so that it is kept no longer than it is of use', async () => {
  const { file } = someBursts(60, 12, () => 0.5);
  const { requests, run, more } = await transcribed(file);
  expect(more).toEqual([...Array.from({ length: requests.length - 1 }, () => true), false]);
  const random = seededRandom(5);
  const three = await transcribed(file, { lanes: 3, delay: () => turn(40 * random()) });
  // As many are told that more follows as more do follow.
  expect(three.more.filter(Boolean)).toHaveLength(requests.length - 3);
  expect(new Set(three.requests.map(({ lane }) => lane))).toEqual(new Set([0, 1, 2]));
  expect(run).toMatchObject({ waitMs: requests.length, loadMs: 2 * requests.length, transcribeMs: 3 * requests.length, result: { warnings: ['the same'] } });
});

test('a chunk that waits is promised to one lane, also where all are done at the same moment', async () => {
  const { file } = someBursts(60, 12, () => 0.5);
  const { requests } = await transcribed(file);
  const more: boolean[] = [];
  let round = Promise.withResolvers<void>();
  let begun = 0;
  const hear: TranscribeChunksOptions['hear'] = async (request) => {
    begun += 1;
    const wait = round.promise;
    if (begun % 3 === 0 || begun === requests.length) {
      round.resolve();
      round = Promise.withResolvers();
    }
    await wait;
    more.push(request.more());
    return { result: { segments: [], language: 'en', warnings: [] }, release: null, waitMs: 1, loadMs: 2, transcribeMs: 3, releaseMs: 4 };
  };
  await transcribed(file, { lanes: 3, hear });
  expect(more.filter(Boolean)).toHaveLength(requests.length - 3);
});

test('a run that failed is gone on with: what was finished is not heard again', async () => {
  const { file, bursts } = someBursts(60, 13, () => 0.5);
  const logs = collectLogs();
  const checkpoints = createCheckpoints(await mkdtemp(join(folder, 'checkpoints-')), logs);
  const fails = async (_request: ChunkRequest, number: number): Promise<void> => {
    if (number === 3) throw new MediaJobError('PROGRAM_KILLED', { message: 'Told to.' });
  };
  await expect(transcribed(file, { checkpoints, delay: fails })).rejects.toMatchObject({ code: 'PROGRAM_KILLED' });
  const again = await transcribed(file, { checkpoints });
  expect(again.run?.chunks).toEqual({ heard: again.requests.length, resumed: 2 });
  expect(plain(again.run?.result.segments ?? [])).toEqual(expected(bursts));
  expect(plain(again.live)).toEqual(expected(bursts));
  const third = await transcribed(file, { checkpoints });
  expect([third.requests, third.run?.result]).toEqual([[], again.run?.result]);
  expect((await transcribed(file, { checkpoints, facts: { model: 'other' } })).run?.chunks.resumed).toBe(0);
  expect(logs.lines).toEqual([]);
});

test('the language is listened for in the first chunk, and then holds for all, also for those that waited for it', async () => {
  const { file } = someBursts(60, 14, () => 0.5);
  const { requests } = await transcribed(file, { language: 'auto', lanes: 3, delay: () => turn(20) });
  expect(requests.map(({ language }) => language)).toEqual(['auto', ...Array.from({ length: requests.length - 1 }, () => 'en')]);
});

test('the failure of one chunk ends those beside it, and is what is thrown', async () => {
  const { file } = someBursts(60, 15, () => 0.5);
  const ended: unknown[] = [];
  const delay = ({ signal }: ChunkRequest, number: number): Promise<void> =>
    new Promise((_resolve, reject) => {
      if (number === 2) setTimeout(() => reject(new MediaJobError('MEMORY_SHORT', { message: 'Told to.' })), 20);
      signal.addEventListener('abort', () => {
        ended.push(number);
        reject(signal.reason as Error);
      });
    });
  await expect(transcribed(file, { lanes: 3, delay })).rejects.toMatchObject({ code: 'MEMORY_SHORT' });
  expect(ended).toEqual(expect.arrayContaining([1, 3]));
});

test('an abort ends it wherever it is', async () => {
  const { file } = someBursts(60, 16, () => 0.5);
  const controller = new AbortController();
  const delay = ({ signal }: ChunkRequest): Promise<void> => {
    controller.abort(new MediaJobError('CANCELLED', { message: 'Told to.' }));
    return turn().then(() => signal.throwIfAborted());
  };
  await expect(transcribed(file, { signal: controller.signal, delay })).rejects.toMatchObject({ code: 'CANCELLED' });
  await expect(transcribed(file, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
});

test('no chunk is begun before there is room for it', async () => {
  const { file } = someBursts(60, 17, () => 0.5);
  const gate = Promise.withResolvers<void>();
  let asked = 0;
  const pace = (): Promise<void> => ((asked += 1) === 2 ? gate.promise : Promise.resolve());
  const running = transcribed(file, { pace });
  await expect.poll(() => asked).toBe(2);
  await turn(30);
  expect(asked).toBe(2);
  gate.resolve();
  expect((await running).requests.length).toBeGreaterThan(3);
});

test('audio without sound is nothing to hear', async () => {
  const { run, requests } = await transcribed(writeBursts(join(folder, 'silent.wav'), 30, []));
  expect([run, requests]).toEqual([null, []]);
});
