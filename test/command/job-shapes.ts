import { jobStates } from '@media-jobs/core';
import { z } from 'zod';

const time = z.iso.datetime();
const summary = z.strictObject({
  id: z.string().regex(/^mj_[a-z2-7]{26}$/), state: z.enum(jobStates), operation: z.string(), namespace: z.string(),
  inputs: z.array(z.strictObject({ field: z.string(), name: z.string(), bytes: z.number() })),
  generation: z.number(), attempts: z.number(), maxAttempts: z.number(), progress: z.number(), phase: z.string(), cancelRequested: z.boolean(),
  error: z.strictObject({ code: z.string(), message: z.string() }).nullable(), deadLetter: z.string().nullable(),
  createdAt: time, queuedAt: time, startedAt: time.nullable(), retryAt: time.nullable(), endedAt: time.nullable(), expiresAt: time.nullable(),
});
/** What `jobs` and `dead-letters` print with `--json`. */
export const list = z.strictObject({ jobs: z.array(summary), more: z.boolean() });
/** What `job` prints with `--json`. */
export const detail = summary.extend({
  operationVersion: z.number(), priority: z.number(), correlationId: z.string().nullable(), options: z.record(z.string(), z.unknown()),
  inputs: z.array(z.strictObject({ field: z.string(), name: z.string(), bytes: z.number(), sha256: z.string(), path: z.string().nullable() })),
  files: z.array(z.strictObject({ name: z.string(), path: z.string(), bytes: z.number(), sha256: z.string(), mediaType: z.string().nullable() })),
  refunds: z.number(), losses: z.number(), maxLosses: z.number(), ttlMs: z.number(),
  worker: z.strictObject({ owner: z.string(), pid: z.number().nullable(), state: z.enum(['alive', 'dead', 'unknown']), claimedAt: time, leaseUntil: time }).nullable(),
  usage: z.record(z.string(), z.unknown()).nullable(),
  error: z.looseObject({ code: z.string(), message: z.string(), class: z.string(), advice: z.string().optional(), causes: z.array(z.string()).optional() }).nullable(),
  history: z.array(z.strictObject({ owner: z.string(), startedAt: time, endedAt: time, ended: z.string(), error: z.unknown(), logTail: z.array(z.string()) })),
  output: z.unknown(),
});
/** What `stats` prints with `--json`. */
export const counts = z.strictObject({
  byState: z.record(z.enum(jobStates), z.number()), deadLetters: z.number(), cacheHits: z.number(), cacheMisses: z.number(), cacheUnusable: z.number(), corrupt: z.number(), files: z.number(), bytes: z.number(),
  oldestWaitingMs: z.number().nullable(), byOperation: z.record(z.string(), z.record(z.string(), z.number())),
});
const amount = { files: z.number(), bytes: z.number() };
/** What `sweep` prints with `--json`. */
export const report = z.strictObject({
  expired: z.strictObject({ jobs: z.number(), ...amount }), orphans: z.strictObject({ folders: z.number(), ...amount }).nullable(),
  olderEpochs: z.strictObject({ folders: z.number(), records: z.number(), ...amount }),
  leftByDeadOwners: z.strictObject({ owners: z.number(), processes: z.number(), unjudged: z.number(), ...amount }).nullable(),
  lapsed: z.number(), woken: z.number(), dispatched: z.number(), errors: z.array(z.strictObject({ path: z.string(), reason: z.string() })),
});
