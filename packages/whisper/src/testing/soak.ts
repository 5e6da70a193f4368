/** Runs files in turn, many times, and tells its own memory and every receipt: `node --expose-gc soak.ts OPTIONS`, of which `endurance.ts` has the shape. */
import type { ReleaseReceipt } from '@media-jobs/core';
import { ownerId, processesOf } from '@media-jobs/process';
import { createAddonEngine, createWhisper, createWhisperCliEngine } from '@media-jobs/whisper';
import type { Endured, SoakOptions } from './endurance.ts';
import { onCard } from './on-card.ts';

const { model, files, runs, keepAliveMs, engine, driver, lockFolder } = JSON.parse(process.argv[2] ?? '') as SoakOptions;
// A child that has not yet become its program is called as its parent; the driver must not take it for an engine.
process.title = 'soak';
const collect = (globalThis as { gc?: () => void }).gc;
const memory: number[] = [];
const receipts: (ReleaseReceipt | null)[] = [];
{
  await using whisper = await createWhisper({
    model, keepAliveMs: keepAliveMs ?? Infinity, engine: onCard(engine === 'addon-child' ? createAddonEngine() : createWhisperCliEngine()), gpu: { command: driver, lockFolder },
  });
  for (let run = 0; run < runs; run += 1) {
    receipts.push((await whisper.transcribe(files[run % files.length] ?? '')).release);
    collect?.();
    memory.push(process.memoryUsage.rss());
  }
  // None is loaded where the last run was also the last of its engine.
  const last = await whisper.unload();
  if (last !== null) receipts.push(last);
}
process.send?.({ memory, receipts, left: await processesOf(ownerId()) } satisfies Endured);
