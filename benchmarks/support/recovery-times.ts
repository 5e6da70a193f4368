import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createBullmqQueue } from '@media-jobs/bullmq';
import { createMediaJobs } from '@media-jobs/core';
import { createRedisStore } from '@media-jobs/redis-store';
import { waitLong } from './wait-operation.ts';

/** The lease; what has lapsed is looked for once in each. */
export const recoveryLeaseMs = 3_000;

const workerModule = fileURLToPath(new URL('recovery-worker.ts', import.meta.url));

/** Kills the worker of a job so many times, another standing by; milliseconds from the kill until the job runs again. */
export async function recoveryTimes(url: string, workFolder: string, kills: number): Promise<readonly number[]> {
  const times: number[] = [];
  const prefix = 'recovery';
  const start = () => fork(workerModule, [url, prefix, workFolder], { execArgv: ['--conditions=@media-jobs/source'] });
  await using jobs = await createMediaJobs({ operations: [waitLong], store: createRedisStore({ url, prefix }), queue: createBullmqQueue({ connection: url, prefix }), workFolder, worker: false, leaseMs: recoveryLeaseMs, heartbeatMs: 1_000, pollIntervalMs: 50 });
  let standing = start();
  await once(standing, 'message');
  for (let number = 0; number < kills; number += 1) {
    const job = await jobs.submit('wait-long', { number });
    // The only worker has it; the next one comes before it is killed.
    while ((await job.record()).claim === null) await new Promise((resolve) => void setTimeout(resolve, 10));
    const next = start();
    await once(next, 'message');
    const before = (await job.record()).claim?.token;
    const killedAt = performance.now();
    standing.kill('SIGKILL');
    for (let token = before; token === before || token === undefined; token = (await job.record()).claim?.token) await new Promise((resolve) => void setTimeout(resolve, 10));
    times.push(performance.now() - killedAt);
    await jobs.cancel(job.id);
    await job.wait();
    standing = next;
  }
  const gone = once(standing, 'exit');
  standing.kill('SIGKILL');
  await gone;
  return times;
}
