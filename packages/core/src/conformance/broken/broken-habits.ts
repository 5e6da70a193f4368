import type { JobStore } from '../../ports/job-store.ts';
import type { BrokenStore } from './broken-guards.ts';
import { override } from './override.ts';

const soon = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Stores that are wrong in ways that adapters are wrong in. */
export const brokenHabits: readonly BrokenStore[] = [
  {
    name: 'it looks first and writes later, so that submits overtake one another',
    rejectedBy: 'fifty submits of one identity at once create one job',
    wrap: (store) => override(store, {
      submit: async (request) => {
        const before = await store.get(request.id);
        await soon();
        const outcome = await store.submit(request);
        return before === null && outcome.kind === 'existing' ? { ...outcome, kind: 'created' } : outcome;
      },
    }),
  },
  {
    name: 'its claims at once bring the same jobs',
    rejectedBy: 'claims at once never bring one job twice',
    wrap: (store) => {
      let shared: ReturnType<JobStore['claim']> | undefined;
      return override(store, {
        claim: async (request) => {
          shared ??= store.claim(request);
          const jobs = await shared;
          await soon();
          shared = undefined;
          return jobs;
        },
      });
    },
  },
  { name: 'it ignores the priority', rejectedBy: 'claims follow priority, then age, over all operations that were asked for', wrap: (store) => override(store, { submit: (request) => store.submit({ ...request, priority: 0 }) }) },
  {
    name: 'it claims a job under any pointer to it',
    rejectedBy: 'a pointer to an older dispatch, another epoch, or a job that is not in line is skipped',
    wrap: (store) => override(store, {
      claim: async ({ pointers, ...request }) => {
        if (pointers === undefined) return store.claim(request);
        const records = await Promise.all(pointers.map(({ id }) => store.get(id)));
        return store.claim({ ...request, pointers: records.filter((record) => record !== null) });
      },
    }),
  },
  { name: 'its line has no end', rejectedBy: 'the waiting line of an operation is bounded: queued and retrying jobs fill it, running and other ones do not', wrap: (store) => override(store, { submit: (request) => store.submit({ ...request, maxWaiting: Infinity }) }) },
  {
    name: 'it trusts the id and does not compare the digest',
    rejectedBy: 'a submit with the id of another identity is refused and leaves that one alone',
    wrap: (store) => override(store, { submit: async (request) => store.submit({ ...request, digest: (await store.get(request.id))?.digest ?? request.digest }) }),
  },
  {
    name: 'it discards whatever generation is there',
    rejectedBy: 'a completed generation that was found unusable runs again, a later one does not',
    wrap: (store) => override(store, { submit: (request) => store.submit({ ...request, fresh: request.fresh || request.discardGeneration !== undefined }) }),
  },
  {
    name: 'it shows progress as it was reported last',
    rejectedBy: 'progress never falls within a generation, not in a later attempt either; the phase is taken as it comes',
    wrap: (store) => {
      const reported = new Map<string, number>();
      return override(store, {
        heartbeat: async (beats, leaseMs) => {
          for (const { id, progress } of beats) if (progress !== undefined) reported.set(id, progress.ratio);
          return store.heartbeat(beats, leaseMs);
        },
        get: async (id) => {
          const record = await store.get(id);
          return record === null ? null : { ...record, progress: reported.get(id) ?? record.progress };
        },
      });
    },
  },
  { name: 'it charges every retry', rejectedBy: 'a retry that is not charged leaves the budget alone, but even such retries come to an end', wrap: (store) => override(store, { commit: (key, outcome, next) => store.commit(key, outcome.kind === 'retry' ? { ...outcome, charged: true } : outcome, next) }) },
  {
    name: 'it requeues by the age of the claim and not by missed beats',
    rejectedBy: 'a job whose worker beats is never taken away, however long it runs',
    wrap: (store) => override(store, { heartbeat: async (beats) => Promise.all(beats.map(async (beat) => ((await store.heartbeat([beat], 1))[0] ?? 'lost'))) }),
  },
  {
    name: 'a hit of the cache lengthens the time to live',
    rejectedBy: 'a submit of a completed identity is answered from it and does not lengthen its time to live',
    wrap: (store) => {
      const hits = new Set<string>();
      return override(store, {
        submit: async (request) => {
          const outcome = await store.submit(request);
          if (outcome.kind === 'existing') hits.add(request.id);
          return outcome;
        },
        takeExpired: async (limit) => (await store.takeExpired(limit)).filter(({ id }) => !hits.delete(id)),
      });
    },
  },
  {
    name: 'it gives out a result past its time until a pass comes by',
    rejectedBy: 'a completed job past its time to live is told as expiring before any pass has taken it, and not a moment earlier',
    wrap: (store) => override(store, {
      get: async (id) => {
        const record = await store.get(id);
        return record?.state === 'expiring' && record.takeToken === null ? { ...record, state: 'completed' } : record;
      },
    }),
  },
  {
    name: 'it forgets a job that was taken and not purged',
    rejectedBy: 'a deletion that was interrupted is handed out again after its time, with the same folders and a new token',
    wrap: (store) => {
      const taken = new Set<string>();
      return override(store, {
        takeExpired: async (limit) => {
          const jobs = (await store.takeExpired(limit)).filter(({ id }) => !taken.has(id));
          for (const { id } of jobs) taken.add(id);
          return jobs;
        },
      });
    },
  },
  {
    name: 'its pages are counted from the front',
    rejectedBy: 'pages show each job once while others come and go between them, also when many were made at once',
    wrap: (store) => override(store, {
      list: async (filter, { limit, cursor = '0' }) => {
        const { jobs } = await store.list(filter, { limit: 1_000 });
        const end = Number(cursor) + limit;
        return { jobs: jobs.slice(Number(cursor), end), ...(end < jobs.length ? { cursor: String(end) } : {}) };
      },
    }),
  },
  {
    name: 'it goes on telling a watcher that has ended',
    rejectedBy: 'a watcher that has ended is told nothing more, and the others still are',
    wrap: (store) => override(store, { watch: (listener) => (store.watch(listener), { [Symbol.dispose]: () => undefined }) }),
  },
  {
    name: 'it hints at resets to nobody',
    rejectedBy: 'whoever watches the epoch is told of each reset by any handle, and of nothing else, until it ends its watch',
    wrap: (store) => override(store, { watchEpoch: () => ({ [Symbol.dispose]: () => undefined }) }),
  },
  {
    name: 'it hints at resets where there are none',
    rejectedBy: 'whoever watches the epoch is told of each reset by any handle, and of nothing else, until it ends its watch',
    wrap: (store) => override(store, { watchEpoch: (listener) => store.watch(listener) }),
  },
  {
    name: 'it tells nothing of cancels to whoever watches for them only',
    rejectedBy: 'a watcher of cancels is told when a running job is to be cancelled',
    wrap: (store) => override(store, { watch: (listener, only) => (only === 'cancels' ? { [Symbol.dispose]: () => undefined } : store.watch(listener)) }),
  },
  { name: 'its last process hears nothing of the settings', rejectedBy: 'the first process finds no shared settings, each later one those of the one before, also after a reset', wrap: (store) => override(store, { shareSettings: async (settings) => (await store.shareSettings(settings), null) }) },
  { name: 'it claims to be durable', rejectedBy: 'a store says which version of the contract it keeps, and what it can do, as its harness does', wrap: (store) => override(store, { capabilities: { ...store.capabilities, durable: !store.capabilities.durable } }) },
  { name: 'it answers after its end as if nothing had been', rejectedBy: 'a store may be disposed twice, also at once, and every method after it throws CLOSED', wrap: (store) => override(store, { [Symbol.asyncDispose]: async () => undefined }) },
];
