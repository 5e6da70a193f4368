import { parentPort, workerData } from 'node:worker_threads';
import { MediaJobError } from '@media-jobs/foundation';
import { measureRange, type MeasureTask } from './measure-range.ts';
import type { RangeAnswer } from './range-threads.ts';
import { writeRange, type WriteTask } from './write-range.ts';

/** The program of a thread: one range, one answer. */
async function answer(task: MeasureTask | WriteTask): Promise<RangeAnswer> {
  try {
    return { result: task.kind === 'measure' ? await measureRange(task) : await writeRange(task, (frames) => parentPort?.postMessage({ frames } satisfies RangeAnswer, [])) };
  } catch (error) {
    return { error: MediaJobError.from(error).toJSON() };
  }
}

parentPort?.postMessage(await answer(workerData as MeasureTask | WriteTask), []);
