import { createMediaJobs } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import type { WorkerCommand, WorkerEvent, WorkerOrders } from '../messages.ts';
import { createDigestOperation } from './digest-operation.ts';
import { createHalt } from './halt.ts';
import { withHalts } from './halting-store.ts';
import { openStore } from './open-store.ts';

const orders = JSON.parse(process.argv[2] ?? '') as WorkerOrders;
const tell = (event: WorkerEvent): void => void process.send?.(event);
const halt = createHalt(orders.haltAt, tell);

process.once('disconnect', () => process.exit());

const { workFolder, heartbeatMs, leaseMs } = orders;
const jobs = await createMediaJobs({
  operations: [createDigestOperation(halt, tell)],
  store: withHalts(await openStore(orders.store), halt, tell),
  workFolder, heartbeatMs, leaseMs,
  pollIntervalMs: 100,
  // Each loss of a worker is one of ours here, and none shall end a job.
  maxLosses: 1_000,
});

async function submit(file: string): Promise<void> {
  try {
    const job = await jobs.submit('digest', { file });
    const { sha256 } = await job.result();
    tell({ event: 'result', file, sha256 });
  } catch (error) {
    tell({ event: 'no-result', file, code: MediaJobError.from(error).code, why: MediaJobError.from(error).message });
  }
}

async function close(): Promise<void> {
  await jobs.close();
  tell({ event: 'closed' });
  process.disconnect();
}

process.on('message', (command: WorkerCommand) => {
  if (command.do === 'go') halt.go();
  if (command.do === 'submit') void submit(command.file);
  if (command.do === 'close') void close();
});
tell({ event: 'open' });
