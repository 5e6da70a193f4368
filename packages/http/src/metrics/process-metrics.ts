import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { lockWaits, storeReconnects, type LockWait } from '@media-jobs/foundation';
import { Counter, Histogram, type Registry } from 'prom-client';

/** What is counted of the whole process, by what its parts tell. Disposal ends the counting. */
export function createProcessMetrics(registry: Registry): Disposable {
  const registers = [registry];
  const reconnects = new Counter({ name: 'media_jobs_store_reconnects_total', help: 'Times that the store has lost its connection and made it anew.', registers });
  const waits = new Histogram({ name: 'media_jobs_lock_wait_seconds', help: 'Waits for locks that are held among processes.', labelNames: ['taken'], buckets: [0.01, 0.1, 1, 10, 60, 300], registers });
  const onReconnect = (): void => reconnects.inc();
  const onWait = (message: unknown): void => {
    const { waitedMs, taken } = message as LockWait;
    waits.observe({ taken: String(taken) }, waitedMs / 1_000);
  };
  subscribe(storeReconnects.name, onReconnect);
  subscribe(lockWaits.name, onWait);
  return {
    [Symbol.dispose]() {
      unsubscribe(storeReconnects.name, onReconnect);
      unsubscribe(lockWaits.name, onWait);
    },
  };
}
