// Resets a service, in a process of its own so that its memory can be told. Says when it is open, and begins when it is told.
import { once } from 'node:events';
import type { ResetReport } from '@media-jobs/cleanup';
import { createMediaJobs } from '@media-jobs/core';
import { createRedisStore } from '@media-jobs/redis-store';

/** What the process says at its end. */
export interface ResetAnswer {
  readonly report: ResetReport;
  /** From the call to its end. */
  readonly wallMs: number;
  /** The most that the whole process ever held. */
  readonly peakBytes: number;
}

const [url = '', workFolder = '', scope = ''] = process.argv.slice(2);
await using jobs = await createMediaJobs({ operations: [], worker: false, store: createRedisStore({ url, ownsDatabase: scope === 'own' }), workFolder });
process.send?.('open');
await once(process, 'message');
const startedAt = performance.now();
const report = await jobs.reset({ level: 'deep' });
const wallMs = performance.now() - startedAt;
process.send?.({ report, wallMs, peakBytes: process.resourceUsage().maxRSS * 1024 } satisfies ResetAnswer);
await jobs.close();
process.disconnect();
