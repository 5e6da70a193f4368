import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seededRandom } from '../testing/random.ts';
import { wavBytes } from '../testing/speech.ts';
import { testFolder } from '../testing/test-folder.ts';
import { openWav } from '../wav/open-wav.ts';
import { wavHeader } from '../wav/wav-header.ts';
import { planChunks, type Chunk } from './plan-chunks.ts';

const folder = testFolder();
const rate = 16_000;

/** Speech-like bursts of noise between stretches of a fainter noise: seconds and amplitude of each. */
function audio(name: string, ...stretches: readonly (readonly [seconds: number, amplitude: number])[]): string {
  const random = seededRandom(7);
  const samples = stretches.flatMap(([seconds, amplitude]) => Array.from({ length: Math.round(seconds * rate) }, () => amplitude * (2 * random() - 1)));
  const file = join(folder, `${name}.wav`);
  writeFileSync(file, wavBytes(Int16Array.from(samples)));
  return file;
}

async function plan(file: string, chunkSeconds = 20): Promise<Chunk[]> {
  await using wav = await openWav(file);
  return await Array.fromAsync(planChunks(wav, { chunkSeconds }));
}

const seconds = ({ startSample, endSample }: Chunk): [number, number] => [startSample / rate, endSample / rate];

test('chunks begin and end in pauses, within four tenths of a second of the sound, and never in it', async () => {
  const words = Array.from({ length: 30 }, (_, index) => [[0.8 + 0.05 * (index % 7), 8000], [0.35 + 0.02 * (index % 11), 20]] as const).flat();
  const chunks = await plan(audio('words', ...words));
  expect(chunks.length).toBeGreaterThan(1);
  let at = 0;
  const sounds = words.map(([length, amplitude]) => ({ start: at, end: (at += length), loud: amplitude > 1000 })).filter(({ loud }) => loud);
  for (const { start, end } of sounds) {
    const holding = chunks.filter((chunk) => seconds(chunk)[0] <= start && end <= seconds(chunk)[1]);
    expect(holding, `the sound from ${start} to ${end} is whole in one chunk`).toHaveLength(1);
  }
  for (const chunk of chunks) {
    const [from, to] = seconds(chunk);
    expect(to - from).toBeLessThanOrEqual(20);
    expect(chunk.hardEnd).toBeNull();
  }
  // The quiet on each side, that of the audio and that which is put there together.
  for (const { leadSamples, startSample } of chunks) {
    const first = sounds.find(({ start }) => start * rate >= startSample)?.start ?? 0;
    expect(leadSamples / rate + first - startSample / rate).toBeGreaterThan(0.38);
  }
});

test('the same samples are cut at the same places, however often and wherever the reading starts over', async () => {
  const file = audio('again', [9, 5000], [0.5, 0], [9, 5000], [0.4, 0], [25, 5000]);
  expect(await plan(file)).toEqual(await plan(file));
});

test('silence of half a minute or more is in no chunk, and neither is the silence at the ends', async () => {
  const chunks = await plan(audio('islands', [50, 0], [2, 6000], [40, 3], [3, 6000], [70, 0]));
  expect(chunks.map(seconds)).toEqual([[expect.closeTo(49.6), expect.closeTo(52.4)], [expect.closeTo(91.6), expect.closeTo(95.4)]]);
  // Each deals with the silence before it, and the first also with some behind it.
  expect(chunks[0]?.fromSample).toBe(0);
  expect(chunks[1]?.fromSample).toBe(chunks[0]?.doneSample);
});

test.each([['silence', 0], ['faint noise', 60]])('nothing but %s has no chunk at all', async (name, amplitude) => {
  expect(await plan(audio(name, [65, amplitude]))).toEqual([]);
});

test('a faint word in faint noise is heard, with all the noise around it that might be speech', async () => {
  const chunks = await plan(audio('faint-word', [30, 60], [0.2, 160], [35, 60]));
  expect(chunks.map(seconds).filter(([from, to]) => from <= 29.6 && to >= 30.6)).toHaveLength(1);
});

test('a click is no speech', async () => {
  expect(await plan(audio('click', [30, 0], [0.01, 20_000], [30, 0]))).toEqual([]);
});

test.each([20, 3])('sound without any pause is cut all the same, in chunks of %i s; both sides then hold a second of the other, and nothing is lost', async (chunkSeconds) => {
  const chunks = await plan(audio('drone', [30, 9000], [0.1, 4000], [30, 9000]), chunkSeconds);
  expect(chunks.length).toBeGreaterThan(2);
  let covered = 0;
  for (const [index, chunk] of chunks.entries()) {
    const [from, to] = seconds(chunk);
    expect(from).toBeLessThanOrEqual(covered);
    covered = to;
    if (index > 0 && chunk.hardStart !== null) {
      expect(chunk.hardStart).toBe(chunks[index - 1]?.hardEnd);
      expect([chunk.hardStart - chunk.startSample, (chunks[index - 1]?.endSample ?? 0) - chunk.hardStart]).toEqual([rate, rate]);
    }
  }
  expect(covered).toBeCloseTo(60.1);
});

test.each([10, 3])('whatever is louder than silence is in a chunk of %i s, in any mix of speech, noise and gaps', async (chunkSeconds) => {
  for (let seed = 1; seed <= 12; seed += 1) {
    const random = seededRandom(seed);
    const stretches = Array.from({ length: 25 }, () => [0.1 + 6 * random() ** 3, [0, 15, 400, 3000, 12_000][Math.floor(random() * 5)] ?? 0] as const);
    const chunks = await plan(audio(`mix-${seed}`, ...stretches), chunkSeconds);
    let at = 0;
    for (const [length, amplitude] of stretches) {
      const [start, end] = [at, at + length];
      at = end;
      // -40 dB: never taken for silence.
      if (amplitude < 3000 || length < 0.2) continue;
      const reach = chunks.map(seconds).filter(([from, to]) => from < end && to > start);
      let covered = start + 0.02;
      for (const [from, to] of reach) if (from <= covered) covered = Math.max(covered, to);
      expect(covered, `seed ${seed}: ${start} to ${end}`).toBeGreaterThanOrEqual(end - 0.02);
    }
  }
});

test('ten hours of silence are looked through in seconds and in the memory of one block', async () => {
  const file = join(folder, 'ten-hours.wav');
  const samples = 36_000 * rate;
  writeFileSync(file, wavHeader(samples));
  // A file with a hole: it takes no room on the disk.
  truncateSync(file, 44 + samples * 2);
  const before = process.memoryUsage.rss();
  const began = process.cpuUsage();
  expect(await plan(file, 600)).toEqual([]);
  const { user, system } = process.cpuUsage(began);
  expect((user + system) / 1e6).toBeLessThan(30);
  expect(process.memoryUsage.rss() - before).toBeLessThan(60e6);
}, 120_000);
