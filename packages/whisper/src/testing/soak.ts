/** Runs files, which commas separate, in turn, many times, and tells its own memory: `node --expose-gc soak.ts MODEL WAV RUNS KEEP_ALIVE_MS`. */
import { ownerId, processesOf } from '@media-jobs/process';
import { createWhisper } from '@media-jobs/whisper';

const [model = '', wavFiles = '', runs = '1', keepAliveMs = '0'] = process.argv.slice(2);
const collect = (globalThis as { gc?: () => void }).gc;
const files = wavFiles.split(',');
const memory: number[] = [];
{
  await using whisper = await createWhisper({ model, keepAliveMs: Number(keepAliveMs) });
  for (let run = 0; run < Number(runs); run += 1) {
    await whisper.transcribe(files[run % files.length] ?? '');
    collect?.();
    memory.push(process.memoryUsage.rss());
  }
}
process.send?.({ memory, left: await processesOf(ownerId()) });
