/**
 * Which engine is faster on this processor, and how soon it is gone after an abort.
 * `node --conditions=@media-jobs/source benchmarks/engines.bench.ts [clips] [aborts] [tiny|base|small]`; needs a built whisper-cli and the addon.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
/** So that processor time can be compared: threads that wait for each other spin. */
const threads = 1;
const folder = mkdtempSync(join(tmpdir(), 'media-jobs-bench-'));

interface Heard {
  readonly ms: number;
  /** Processor time; of a first clip with the load of the model. */
  readonly cpuMs: number;
}

interface Figures {
  readonly first: Heard;
  readonly next: Heard;
  readonly abortMs: number;
}

const hear = async (session: EngineSession, wavFile: string, signal?: AbortSignal, onProgress?: () => void): Promise<Heard> => {
  const began = performance.now();
  let cpuMs = 0;
  await session.transcribe({ wavFile, durationSeconds: seconds, language: 'en', translate: false, beamSize: 1, onUsage: (usage) => void (cpuMs = usage.cpuMs), ...(signal === undefined ? {} : { signal }), ...(onProgress === undefined ? {} : { onProgress }) });
  return { ms: performance.now() - began, cpuMs };
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
  const { cpuMs } = await hear(session, wavFile);
  const first: Heard = { ms: performance.now() - began, cpuMs };
  const next: Heard[] = [];
  for (let clip = 1; clip < clips; clip += 1) next.push(await hear(session, wavFile));
  await session.release();
  const gone: number[] = [];
  for (let abort = 0; abort < aborts; abort += 1) gone.push(await abortOnce(engine, modelFile, wavFile));
  return { first, next: { ms: median(next.map(({ ms }) => ms)), cpuMs: median(next.map((each) => each.cpuMs)) }, abortMs: Math.max(...gone) };
}

try {
  const modelFile = writeSizedModel(join(folder, `${size}.bin`), size);
  const wavFile = await tone(folder, 'tone', seconds);
  const cli = await measure(createWhisperCliEngine(), modelFile, wavFile);
  const addon = await measure(createAddonEngine(), modelFile, wavFile);
  const inSeconds = (ms: number): string => (ms / 1000).toFixed(2);
  const row = (name: string, { first, next, abortMs }: Figures): string[] => [name, inSeconds(first.ms), inSeconds(first.cpuMs), inSeconds(next.ms), inSeconds(next.cpuMs), abortMs.toFixed(0)];
  await report('engines', 'Two engines, one processor', `\`benchmarks/engines.bench.ts\`: a random model of the size of ${size}.en, clips of ${seconds} s, one thread, one beam. Seconds for the first clip with the
load of the model, and for each further one; milliseconds from an abort to a process that is gone, the longest of ${aborts}.${size === 'tiny' ? ' Cut down from the size of base.en, so that it ended in time.' : ''}

${table([['engine', 'first clip', 'its processor time', 'next clip', 'its processor time', 'abort'], row('`whisper-cli`, built here for AVX2', cli), row('`addon-child`, prebuilt', addon)])}

A clip takes the addon ${(addon.next.cpuMs / cli.next.cpuMs).toFixed(1)} × the processor time that it takes whisper-cli on this processor.`);
} finally {
  rmSync(folder, { recursive: true });
}
