import { setTimeout } from 'node:timers/promises';
import type { ChaosBench } from './chaos-bench.ts';
import type { ChaosWorker } from './chaos-worker.ts';
import type { Round } from './schedule.ts';

/** A job that another worker took brings this one to no step: after so long it submits one more. */
const submitAgainMs = 500;

/** Rounds that run at the same time, so that workers meet on the same jobs. */
const lanes = 2;

export interface RoundsOptions {
  readonly bench: ChaosBench;
  readonly rounds: readonly Round[];
  /** How long a frozen worker stays so: beyond its lease. */
  readonly frozenMs: number;
}

/** Plays all rounds. Resolves with the workers that were frozen, all of them let go on. */
export async function playRounds({ bench, rounds, frozenMs }: RoundsOptions): Promise<readonly ChaosWorker[]> {
  const left = [...rounds];
  const thawing: Promise<ChaosWorker>[] = [];
  const lane = async (): Promise<void> => {
    for (let round = left.shift(); round !== undefined; round = left.shift()) {
      const worker = await bench.start(round.step);
      await bringToStep(bench, worker, round);
      if (round.signal === 'SIGKILL') await worker.kill();
      else {
        await bench.freeze(worker);
        thawing.push(thaw(worker, frozenMs));
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return Promise.all(thawing);
}

/** It may find work of others at once; else it is given work of its own until it comes to its step. */
async function bringToStep(bench: ChaosBench, worker: ChaosWorker, { number }: Round): Promise<void> {
  const reached = worker.until('reached');
  for (let count = 0; !worker.has('reached'); count += 1) {
    await worker.send({ do: 'submit', file: bench.inputFile(`round-${number}-${count}`) });
    await Promise.race([reached, setTimeout(submitAgainMs)]);
  }
  await reached;
}

async function thaw(worker: ChaosWorker, frozenMs: number): Promise<ChaosWorker> {
  await setTimeout(frozenMs);
  worker.thaw();
  await worker.send({ do: 'go' });
  return worker;
}
