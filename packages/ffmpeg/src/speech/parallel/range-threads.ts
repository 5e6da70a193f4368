import { Worker } from 'node:worker_threads';
import { MediaJobError, type SerializedError } from '@media-jobs/foundation';
import type { ProcessControls } from '@media-jobs/process';
import { throwIfAborted } from '../../call-controls.ts';
import type { MeasuredRange, MeasureTask } from './measure-range.ts';
import type { WriteTask, WrittenRange } from './write-range.ts';

/** What a thread says: how far it is, then once what came out. */
export type RangeAnswer = { readonly frames: number } | { readonly result: readonly MeasuredRange[] | WrittenRange } | { readonly error: SerializedError };

interface ResultOf {
  readonly measure: readonly MeasuredRange[];
  readonly write: WrittenRange;
}

const isSource = import.meta.url.endsWith('.ts');
const program = new URL(isSource ? './range-worker.ts' : './range-worker.js', import.meta.url);

/**
 * Works on several ranges at once, each in a thread of its own: measuring and limiting are plain computing, which one
 * event loop does on one core only. Results come in the order of the tasks. When one fails all are ended. Throws what a
 * task threw, and `ABORTED`.
 */
export async function runRanges<Task extends MeasureTask | WriteTask>(tasks: readonly Task[], onFrames: (frames: number) => void, controls: Pick<ProcessControls, 'signal' | 'kill'>): Promise<readonly ResultOf[Task['kind']][]> {
  throwIfAborted(controls);
  const done = tasks.map(() => 0);
  const workers = tasks.map((task) => new Worker(program, { workerData: task, ...(isSource ? { execArgv: ['--conditions=@media-jobs/source', '--no-warnings'] } : {}) }));
  const end = (): void => {
    for (const worker of workers) void worker.terminate();
  };
  const signals = [controls.signal, controls.kill];
  for (const signal of signals) signal?.addEventListener('abort', end);
  const settled = await Promise.allSettled(
    workers.map((worker, index) => followed<ResultOf[Task['kind']]>(worker, (frames) => {
      done[index] = frames;
      onFrames(done.reduce((sum, one) => sum + one, 0));
    }).catch((error: unknown) => {
      end();
      throw error;
    })),
  );
  for (const signal of signals) signal?.removeEventListener('abort', end);
  throwIfAborted(controls);
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}

/** Resolves with the result when the thread is gone. */
function followed<Result>(worker: Worker, onFrames: (frames: number) => void): Promise<Result> {
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  let answer: RangeAnswer | undefined;
  worker.on('message', (message: RangeAnswer) => {
    if ('frames' in message) onFrames(message.frames);
    else answer = message;
  });
  worker.on('error', reject);
  worker.on('exit', () => {
    if (answer === undefined) reject(new MediaJobError('INTERRUPTED', { message: 'A thread was ended before it had finished its part of the audio.' }));
    else if ('error' in answer) reject(MediaJobError.fromJSON(answer.error));
    else if ('result' in answer) resolve(answer.result as Result);
  });
  return promise;
}
