import type { ResetControls, ResetRemains, Resettable } from '@media-jobs/cleanup';
import type { CleanupLoop } from '../cleanup-loop.ts';
import type { RunContext } from '../run-context.ts';
import type { Runner } from '../runner.ts';
import { awaitOlderWork } from './older-work.ts';
import { createResetGate } from './reset-gate.ts';

/** Records that are collected in one call to the store. */
const batch = 2_000;

/**
 * The jobs themselves. Deep: a new epoch, the end of all work of older ones, and the records of older epochs (guards 8 and
 * 9). Basic: one cleanup pass, which removes what is expired or orphaned, files included.
 */
export function createJobsTarget(context: RunContext, runner: Runner | null, cleanupLoop: CleanupLoop): Resettable {
  const { store } = context;
  const gate = createResetGate(context);
  return {
    name: 'jobs',
    kind: 'jobs',
    async begin({ request, note }) {
      if (request.refuseNewWork) await gate.shut(request.resetId);
      if (request.level !== 'deep') return;
      const epoch = await store.reset();
      note('epoch', epoch);
      runner?.stopBefore(epoch);
    },
    async stop(controls) {
      if (controls.request.level === 'deep') await awaitOlderWork(context, runner, await store.epoch(), controls);
    },
    collect: (controls) => (controls.request.level === 'deep' ? collectRecords(context, controls) : sweepOnce(cleanupLoop, controls)),
    count: () => countOlder(context),
    async end({ refuseNewWork }) {
      if (refuseNewWork) await gate.open();
    },
  };
}

async function collectRecords({ store }: RunContext, { signal, add, note }: ResetControls): Promise<void> {
  for (;;) {
    const { removed, left, flushed = false } = await store.collect(batch);
    add({ jobsRemoved: removed });
    if (flushed) note('flushed', true);
    if (left === 0 || removed === 0 || signal.aborted) return;
  }
}

async function sweepOnce(cleanupLoop: CleanupLoop, { add, fail }: ResetControls): Promise<void> {
  const { expired, orphans, olderEpochs, leftByDeadOwners, errors } = await cleanupLoop.runOnce();
  for (const part of [expired, orphans, olderEpochs, leftByDeadOwners]) if (part !== null) add({ filesDeleted: part.files, bytesFreed: part.bytes });
  add({ jobsRemoved: expired.jobs + olderEpochs.records, processesEnded: leftByDeadOwners?.processes ?? 0 });
  for (const { path, reason } of errors) fail(path, reason);
}

async function countOlder({ store }: RunContext): Promise<ResetRemains> {
  const { left } = await store.collect(0);
  return { count: left, listed: left === 0 ? [] : [`${left} records of older epochs`] };
}
