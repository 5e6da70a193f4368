/**
 * Which engine is faster on this processor, and how soon it is gone after an abort.
 * `node --conditions=@media-jobs/source benchmarks/engines.bench.ts [clips] [aborts] [tiny|base|small]`; needs a built whisper-cli and the addon.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAddonEngine, createWhisperCliEngine } from '@media-jobs/whisper';
import type { Engine, EngineSession } from '@media-jobs/core';
import { median, report, table } from './report.ts';
import { writeSizedModel, type Size } from './support/sized-model.ts';
import { tone } from '../packages/whisper/src/testing/speech.ts';

const clips = Number(process.argv[2] ?? 2);
const aborts = Number(process.argv[3] ?? 5);
const size = (process.argv[4] ?? 'base') as Size;
const seconds = 10;
const threads = availableParallelism();
const folder = mkdtempSync(join(tmpdir(), 'media-jobs-bench-'));

interface Figures {
  readonly firstMs: number;
  readonly nextMs: number;
  readonly abortMs: number;
}

const hear = async (session: EngineSession, wavFile: string, signal?: AbortSignal, onProgress?: () => void): Promise<number> => {
  const began = performance.now();
  await session.transcribe({ wavFile, durationSeconds: seconds, language: 'en', translate: false, beamSize: 1, ...(signal === undefined ? {} : { signal }), ...(onProgress === undefined ? {} : { onProgress }) });
  return performance.now() - began;
};

/** From the abort in the middle of a run until no such process is there. */
async function abortOnce(engine: Engine, modelFile: string, wavFile: string): Promise<number> {
  await using session = await engine.open({ modelFile, threads });
  const control = new AbortController();
  const begun = Promise.withResolvers<void>();
  const run = hear(session, wavFile, control.signal, begun.resolve).catch((error: unknown) => error);
  await begun.promise;
  const { pid } = session;
  const began = performance.now();
  control.abort();
  await run;
  const ms = performance.now() - began;
  if (pid === null || existsSync(`/proc/${pid}`)) throw new Error(`Expected process ${pid} to be gone.`);
  return ms;
}

async function measure(engine: Engine, modelFile: string, wavFile: string): Promise<Figures> {
  const began = performance.now();
  await using session = await engine.open({ modelFile, threads });
  await hear(session, wavFile);
  const firstMs = performance.now() - began;
  const next: number[] = [];
  for (let clip = 1; clip < clips; clip += 1) next.push(await hear(session, wavFile));
  await session.release();
  const gone: number[] = [];
  for (let abort = 0; abort < aborts; abort += 1) gone.push(await abortOnce(engine, modelFile, wavFile));
  return { firstMs, nextMs: median(next), abortMs: Math.max(...gone) };
}

try {
  const modelFile = writeSizedModel(join(folder, `${size}.bin`), size);
  const wavFile = await tone(folder, 'tone', seconds);
  const cli = await measure(createWhisperCliEngine(), modelFile, wavFile);
  const addon = await measure(createAddonEngine(), modelFile, wavFile);
  const row = (name: string, { firstMs, nextMs, abortMs }: Figures): string[] => [name, (firstMs / 1000).toFixed(2), (nextMs / 1000).toFixed(2), abortMs.toFixed(0)];
  await report('engines', 'Two engines, one processor', `\`benchmarks/engines.bench.ts\`: a random model of the size of ${size}.en, clips of ${seconds} s, ${threads} threads, one beam. Seconds for the first clip with the
load of the model, and for each further one; milliseconds from an abort to a process that is gone, the longest of ${aborts}.

${table([['engine', 'first clip', 'next clip', 'abort'], row('`whisper-cli`, built here for AVX2', cli), row('`addon-child`, prebuilt', addon)])}

A clip takes the addon ${(addon.nextMs / cli.nextMs).toFixed(1)} × as long as whisper-cli on this processor.

Other work on the machine at the end: a load of ${loadavg()[0]?.toFixed(1)}.`);
} finally {
  rmSync(folder, { recursive: true });
}
