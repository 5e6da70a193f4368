import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readWavFacts, wavHeader, type WavFacts } from './wav.ts';

const folder = await mkdtemp(join(tmpdir(), 'media-jobs-wav-'));
afterAll(() => rm(folder, { recursive: true }));

async function factsOf(bytes: Buffer): Promise<WavFacts | undefined> {
  const file = join(folder, 'a.wav');
  await writeFile(file, bytes);
  await using handle = await open(file);
  return await readWavFacts(handle);
}

test('a header that was written is read back', async () => {
  const facts = await factsOf(Buffer.concat([wavHeader(16_000, 3200), Buffer.alloc(3200)]));
  expect(facts).toEqual({ sampleRate: 16_000, channels: 1, bytesPerSecond: 32_000, dataOffset: 44, declaredBytes: 3200 });
});

test('other chunks before the samples are passed over, also those of odd length', async () => {
  const header = wavHeader(8000, 100);
  const list = Buffer.concat([Buffer.from('LIST'), Buffer.from([3, 0, 0, 0]), Buffer.from('abc\0')]);
  const facts = await factsOf(Buffer.concat([header.subarray(0, 12), list, header.subarray(12), Buffer.alloc(100)]));
  expect(facts?.dataOffset).toBe(56);
  expect(facts?.declaredBytes).toBe(100);
});

test.each([0, 0x7fff_ffff, 0xffff_ffff])('a size of %i means that the writer did not know it', async (size) => {
  const header = wavHeader(16_000, 0);
  header.writeUInt32LE(size, 40);
  expect((await factsOf(header))?.declaredBytes).toBeUndefined();
});

test('what is no WAV file, and one that ends in its header, has no facts', async () => {
  for (const bytes of [Buffer.from('hello'), Buffer.alloc(100), wavHeader(16_000, 1).subarray(0, 30)]) expect(await factsOf(bytes)).toBeUndefined();
});

test('a header that is a circle of empty chunks ends the search', async () => {
  const chunks = Buffer.alloc(8 * 1000);
  for (let at = 0; at < chunks.length; at += 8) chunks.write('junk', at);
  expect(await factsOf(Buffer.concat([wavHeader(16_000, 0).subarray(0, 12), chunks]))).toBeUndefined();
});

test('more than the format holds is refused', () => {
  expect(() => wavHeader(16_000, 2 ** 32)).toThrow(RangeError);
});
