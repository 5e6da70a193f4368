import { closeSync, openSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createWhisper } from '@media-jobs/whisper';
import { expect, test } from 'vitest';
import { writeScriptedModel } from '../testing/scripted-model.ts';
import { testFolder } from '../testing/test-folder.ts';
import { wavHeader } from '../wav/wav-header.ts';

const folder = testFolder();
const rate = 16_000;

/** So much silence with two seconds of sound in each fifteen minutes, as a file with holes. */
function sparse(hours: number, sounds: boolean): string {
  const samples = hours * 3600 * rate;
  const file = join(folder, `${hours}-${sounds}.wav`);
  const handle = openSync(file, 'w');
  writeSync(handle, wavHeader(samples));
  const buzz = Int16Array.from({ length: 2 * rate }, (_, index) => (Math.floor(index / 10) % 2 === 0 ? 6000 : -6000));
  if (sounds) for (let second = 400; second < hours * 3600; second += 900) writeSync(handle, Buffer.from(buzz.buffer), 0, buzz.byteLength, 44 + 2 * rate * second);
  closeSync(handle);
  truncateSync(file, 44 + 2 * samples);
  return file;
}

async function memoryOf(work: () => Promise<unknown>): Promise<number> {
  let peak = process.memoryUsage.rss();
  const before = peak;
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 50);
  await work();
  clearInterval(timer);
  return peak - before;
}

test('ten hours with a few words take no more memory than one, and hold every word at its time', async () => {
  const model = writeScriptedModel(join(folder, 'scripted.bin'), { segments: [{ start: 0, end: 1, text: ' one' }] });
  await using whisper = await createWhisper({ model, keepAliveMs: Infinity });
  const starts: Record<number, number[]> = {};
  const peaks: number[] = [];
  for (const hours of [1, 10]) {
    const file = sparse(hours, true);
    peaks.push(await memoryOf(async () => void (starts[hours] = (await whisper.transcribe(file)).segments.map(({ start }) => start))));
  }
  expect(starts[10]).toEqual(Array.from({ length: 40 }, (_, index) => 399.6 + 900 * index).map((start) => expect.closeTo(start, 1) as number));
  process.stdout.write(`more resident memory while it ran: 1 h ${((peaks[0] ?? 0) / 1e6).toFixed(0)} MB, 10 h ${((peaks[1] ?? 0) / 1e6).toFixed(0)} MB\n`);
  expect((peaks[1] ?? 0) - (peaks[0] ?? 0)).toBeLessThan(30e6);
}, 3_600_000);

test('ten hours of silence give an empty transcript without an engine', async () => {
  const model = writeScriptedModel(join(folder, 'silent.bin'));
  await using whisper = await createWhisper({ model });
  const began = performance.now();
  expect(await whisper.transcribe(sparse(10, false))).toMatchObject({ text: '', segments: [], durationSeconds: 36_000, release: null });
  process.stdout.write(`ten hours of silence: ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
}, 3_600_000);
