import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ReleaseReceipt } from '@media-jobs/core';
import { expect, onTestFinished } from 'vitest';
import { followingDriver } from './following-driver.ts';
import { leftOfTempFiles } from './test-folder.ts';

/** What `soak.ts` is given. */
export interface SoakOptions {
  readonly model: string;
  readonly files: readonly string[];
  readonly runs: number;
  /** Null keeps the engine for ever. */
  readonly keepAliveMs: number | null;
  readonly engine: string;
  /** A program that answers like `nvidia-smi`. */
  readonly driver: string;
  readonly lockFolder: string;
}

/** What `soak.ts` tells. */
export interface Endured {
  /** Resident after each run. */
  readonly memory: readonly number[];
  readonly receipts: readonly (ReleaseReceipt | null)[];
  /** Processes after the last. */
  readonly left: readonly number[];
}

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Many transcriptions in a process of their own, which stays as large as it was; the card has its memory back each time that an engine is ended, and
 * holds no more from run to run while one is kept. No process is left, nor a file. Returns what was measured, in bytes.
 */
export async function endure(folder: string, options: Omit<SoakOptions, 'driver' | 'lockFolder'>): Promise<{ readonly growth: number; readonly engines: number }> {
  const place = mkdtempSync(join(folder, 'endurance-'));
  const temp = join(place, 'temp');
  mkdirSync(temp);
  const card = followingDriver(place);
  const whole: SoakOptions = { ...options, driver: card.command, lockFolder: join(place, 'locks') };
  const soak = fork(fileURLToPath(new URL('soak.ts', import.meta.url)), [JSON.stringify(whole)], { execArgv: ['--conditions=@media-jobs/source', '--expose-gc'], env: { ...process.env, TMPDIR: temp }, stdio: 'inherit' });
  onTestFinished(() => void soak.kill('SIGKILL'));
  const [[{ memory, receipts, left }]] = (await Promise.all([once(soak, 'message'), once(soak, 'exit')])) as [[Endured], unknown];
  expect(left).toEqual([]);
  expect(leftOfTempFiles(temp)).toEqual([]);
  expect(memory).toHaveLength(options.runs);
  const taken = { uuid: card.uuid, beforeMiB: card.othersMiB, peakMiB: card.othersMiB + card.engineMiB };
  for (const receipt of receipts) {
    expect(receipt).toMatchObject(receipt?.proof === 'kept-warm' ? { gpu: { ...taken, afterMiB: taken.peakMiB } } : { proof: 'absent-from-driver', gpu: { ...taken, afterMiB: taken.beforeMiB } });
  }
  const ended = receipts.filter((receipt) => receipt?.proof === 'absent-from-driver');
  if (options.keepAliveMs === 0) expect(ended).toHaveLength(options.runs);
  const quarter = Math.floor(options.runs / 4);
  // The first runs fill caches; after that nothing may grow.
  return { growth: average(memory.slice(-quarter)) - average(memory.slice(quarter, 2 * quarter)), engines: new Set(ended.map((receipt) => receipt?.pid)).size };
}
