import type { HealthCheck, JobStore } from '@media-jobs/core';
import type { Finding } from './finding.ts';

/** Whether the store answers, and which of its settings would lose jobs. Never throws for what it finds. */
export async function examineStore(open: () => JobStore & HealthCheck, signal: AbortSignal): Promise<readonly Finding[]> {
  await using store = open();
  const { ok, detail, advice } = await store.check(signal);
  const state = ok ? (advice === undefined ? 'ok' : 'noted') : 'missing';
  return [{ name: store.name, state, detail, ...(advice === undefined ? {} : { advice }) }];
}
