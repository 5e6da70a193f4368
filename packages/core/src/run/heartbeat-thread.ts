import { parentPort, workerData } from 'node:worker_threads';
import { MediaJobError, type SerializedError } from '@media-jobs/foundation';
import type { JobStore, StoreReopening } from '../ports/job-store.ts';
import type { ClaimKey } from '../ports/store-messages.ts';

/** What the thread is started with. Times in milliseconds. */
export interface KeeperTask {
  readonly store: StoreReopening;
  readonly heartbeatMs: number;
  readonly leaseMs: number;
  /** After so long without a word the other thread counts as dead, and nothing is kept for it. */
  readonly patienceMs: number;
}

export type KeeperMessage = { readonly hold: ClaimKey } | { readonly drop: string } | { readonly alive: true };

/** Read by the other thread when it is awake again. */
export type KeeperReport = { readonly begun: true } | { readonly kept: number; readonly blockedMs: number } | { readonly error: SerializedError };

const { store: given, heartbeatMs, leaseMs, patienceMs } = workerData as KeeperTask;
const held = new Map<string, ClaimKey>();
let heardAt = performance.now();
/** It connects at the first need, and usually there is none. */
const store = await open();

const tell = (report: KeeperReport): void => parentPort?.postMessage(report, []);

/** The program of the thread: claims whose own thread has missed a beat are beaten for, without progress, which only that one knows. */
async function look(): Promise<void> {
  const blockedMs = performance.now() - heardAt;
  if (blockedMs > patienceMs) held.clear();
  if (held.size === 0 || blockedMs < 1.25 * heartbeatMs) return;
  try {
    const keys = [...held.values()];
    const replies = await store.heartbeat(keys, leaseMs);
    for (const [index, { token }] of keys.entries()) if (replies[index] === 'lost') held.delete(token);
    tell({ kept: held.size, blockedMs: Math.round(blockedMs) });
  } catch (error) {
    tell({ error: MediaJobError.from(error).toJSON() });
  }
}

async function open(): Promise<Pick<JobStore, 'heartbeat'>> {
  const module = (await import(given.module)) as Readonly<Record<string, (options: unknown) => JobStore>>;
  const opened = module[given.factory]?.(given.options);
  if (opened === undefined) throw new MediaJobError('UNKNOWN', { message: `Expected the module of the store to export \`${given.factory}\`, got none.` });
  return opened;
}

parentPort?.on('message', (message: KeeperMessage) => {
  heardAt = performance.now();
  if ('hold' in message) held.set(message.hold.token, message.hold);
  if ('drop' in message) held.delete(message.drop);
});

tell({ begun: true });
// Twice in the time of a beat: with the shortest lease, of two beats, the first of this thread comes before it has passed.
for (;;) {
  await new Promise((resolve) => setTimeout(resolve, heartbeatMs / 2));
  await look();
}
