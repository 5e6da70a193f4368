// What no machine without a card can show: that the card has its memory back. Ends with 77 where there is no card.
//
//   npm run test:gpu [MODEL] [WAV]     default: the fixture model and its talk
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWhisper, gpuMemory } from '@media-jobs/whisper';

const runs = 20;
const [model = 'fixtures/twenty-words.en.ggml.bin', given] = process.argv.slice(2);
const { gpus, reason } = await gpuMemory();
if (gpus.length === 0) {
  console.log(`No graphics card to test with: ${reason}`);
  process.exit(77);
}
const folder = mkdtempSync(join(tmpdir(), 'media-jobs-gpu-test-'));
try {
  const wav = given ?? join(folder, 'talk.wav');
  if (given === undefined) execFileSync('ffmpeg', ['-v', 'error', '-i', 'fixtures/talk.mp4', '-ar', '16000', '-ac', '1', '-c:a', 'pcm_s16le', wav]);
  for (const keepAliveMs of [0, Infinity]) {
    await using whisper = await createWhisper({ model, keepAliveMs, requireRelease: true });
    const began = performance.now();
    for (let run = 0; run < runs; run += 1) await whisper.transcribe(wav);
    const wallMs = Math.round(performance.now() - began);
    const last = keepAliveMs === 0 ? (await whisper.transcribe(wav)).release : await whisper.unload();
    console.log(JSON.stringify({ date: new Date().toISOString().slice(0, 10), card: gpus.map(({ name }) => name), engine: whisper.engine, keepAliveMs: String(keepAliveMs), runs, wallMs, last }));
    if (last?.gpu == null || last.proof === 'process-gone') throw new Error('Expected proof that the card has its memory back; is this an engine that uses the card?');
  }
} finally {
  rmSync(folder, { recursive: true });
}
