import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createMediaJobs, defineOperation, inputFile, type MediaJobs } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import { runProgram } from '@media-jobs/process';
import { createRedisStore } from '@media-jobs/redis-store';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import { z } from 'zod';

/**
 * A service of its own on a work folder, for commands to look at. `ended` makes jobs that have ended in every way, and one
 * that waits; `running` works on one until it is told to go, or is killed. With a URL the records are in that Redis, under the prefix `talks`. The times are short, so that nobody waits.
 */
const [workFolder = '', file = '', mode = '', ttlHours = '1', redisUrl] = process.argv.slice(2);

const work = defineOperation({
  name: 'work',
  version: 1,
  input: z.object({ file: inputFile(), task: z.enum(['complete', 'be-wrong', 'give-up', 'hang', 'wait']) }),
  output: z.object({ words: z.number() }),
  limits: { softTimeoutMs: 60_000, hardTimeoutMs: 90_000, maxAttempts: 2, retryBaseMs: 1, concurrency: 4 },
  async run({ task }, attempt) {
    const { artifacts, controls, log } = attempt;
    log.info({}, `begins to ${task}`);
    if (task === 'be-wrong') throw new MediaJobError('CORRUPT', { message: 'Expected a film, got noise.', advice: 'Give a film.', facts: { frame: 7 }, cause: new Error('no key frame') });
    if (task === 'give-up') throw new MediaJobError('PROGRAM_FAILED', { message: 'Expected the tool to end well, got exit code 3.', advice: 'Look at its last words.', facts: { exitCode: 3, stderrTail: 'first line\nlast words' } });
    if (task === 'hang') {
      attempt.report({ ratio: 0.42, phase: 'sleep' });
      await runProgram({ command: 'sleep', args: ['600'], ...controls });
    }
    await writeFile(join(artifacts.folder, 'words.txt'), 'one two');
    await artifacts.add('words.txt', 'text/plain');
    return { words: 2 };
  },
});

const open = (worker: boolean): Promise<MediaJobs<readonly [typeof work]>> =>
  createMediaJobs({ operations: [work], store: redisUrl === undefined ? createSqliteStore({ file: join(workFolder, 'jobs.db') }) : createRedisStore({ url: redisUrl, prefix: 'talks' }), workFolder, worker, ttlHours: Number(ttlHours), heartbeatMs: 1_000, leaseMs: 3_000, pollIntervalMs: 50 });

async function untilSleeping(jobs: MediaJobs<readonly [typeof work]>): Promise<string> {
  const job = await jobs.submit('work', { file, task: 'hang' });
  for await (const { phase } of job.events()) if (phase === 'sleep') break;
  return job.id;
}

if (mode === 'running') {
  await using jobs = await open(true);
  process.send?.({ running: await untilSleeping(jobs) });
  await new Promise((resolve) => { process.once('message', resolve); process.once('disconnect', () => resolve(undefined)); });
} else {
  const ids: Record<string, string> = {};
  {
    await using jobs = await open(true);
    ids['cancelled'] = await untilSleeping(jobs);
    await jobs.cancel(ids['cancelled']);
    for (const task of ['complete', 'be-wrong', 'give-up'] as const) ids[task] = (await jobs.submit('work', { file, task })).id;
    for (const id of Object.values(ids)) await (await jobs.get(id))?.wait();
  }
  await using jobs = await open(false);
  ids['waiting'] = (await jobs.submit('work', { file, task: 'wait' })).id;
  process.send?.(ids);
}
if (process.connected) process.disconnect();
