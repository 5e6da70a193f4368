import { Worker } from 'node:worker_threads';
import { MediaJobError, type Logger } from '@media-jobs/foundation';
import type { JobStore, StoreReopening } from '../ports/job-store.ts';
import type { ClaimKey } from '../ports/store-messages.ts';
import type { KeeperMessage, KeeperReport, KeeperTask } from './heartbeat-thread.ts';

/** Beats from a thread of its own while the event loop of this one is blocked. */
export interface LeaseKeeper extends Disposable {
  /** Resolves when the thread listens, or has failed, which is logged. */
  readonly begun: Promise<void>;
  hold(key: ClaimKey): void;
  drop(key: ClaimKey): void;
  /** This thread has just beaten for all claims itself. */
  alive(): void;
}

/** A loop that is blocked for so many leases counts as dead: its claims lapse, and others take the jobs. */
const patienceInLeases = 10;

const isSource = import.meta.url.endsWith('.ts');
const program = new URL(isSource ? './heartbeat-thread.ts' : './heartbeat-thread.js', import.meta.url);

/** How another thread opens this store. Throws `INVALID_OPTION` for a store that it cannot open. */
export function reopeningOf({ reopen }: JobStore): StoreReopening {
  if (reopen !== undefined) return reopen;
  throw new MediaJobError('INVALID_OPTION', {
    message: 'Expected, for `heartbeatThread`, a store that another thread can open, got one that it cannot.',
    advice: 'Use a SQLite store, or a Redis store that is given a `url` and not a `client`; or leave `heartbeatThread` out.',
    facts: { option: 'heartbeatThread' },
  });
}

/** Await `begun` before the first claim: its work may block the loop at once. The thread does not keep the process alive, and only listens while this one beats. */
export function createLeaseKeeper(store: StoreReopening, { heartbeatMs, leaseMs, logger }: { readonly heartbeatMs: number; readonly leaseMs: number; readonly logger: Logger }): LeaseKeeper {
  const task: KeeperTask = { store, heartbeatMs, leaseMs, patienceMs: patienceInLeases * leaseMs };
  const thread = new Worker(program, { workerData: task, ...(isSource ? { execArgv: ['--conditions=@media-jobs/source', '--no-warnings'] } : {}) });
  const begun = new Promise<void>((resolve) => {
    thread.on('message', (report: KeeperReport) => {
      if ('begun' in report) {
        thread.unref();
        resolve();
      } else if ('kept' in report) logger.warn({ claims: report.kept, blockedMs: report.blockedMs }, 'The event loop was blocked; the heartbeat thread has kept its claims');
      else logger.warn({ err: report.error }, 'The heartbeat thread could not reach the store while the event loop was blocked');
    });
    thread.on('error', (error) => {
      logger.error({ err: error }, 'The heartbeat thread has failed; an event loop that is blocked loses its claims');
      resolve();
    });
  });
  const tell = (message: KeeperMessage): void => thread.postMessage(message, []);
  return {
    begun,
    hold: (key) => tell({ hold: key }),
    drop: ({ token }) => tell({ drop: token }),
    alive: () => tell({ alive: true }),
    [Symbol.dispose]: () => void thread.terminate(),
  };
}
