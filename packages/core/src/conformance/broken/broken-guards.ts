import type { JobRecord } from '../../job/job.ts';
import type { JobStore } from '../../ports/job-store.ts';
import type { ClaimKey, ClaimedJob, TakenJob } from '../../ports/store-messages.ts';
import { override } from './override.ts';

/** A way to break a store, and the case that must reject it. */
export interface BrokenStore {
  /** What it does wrong. */
  readonly name: string;
  /** Name of the conformance case that fails. */
  readonly rejectedBy: string;
  /** Breaks a sound store. */
  readonly wrap: (store: JobStore) => JobStore;
}

/** Stores without one of the guards of the model that a store keeps. (2, 7 and 10 are about folders.) */
export const brokenGuards: readonly BrokenStore[] = [
  {
    name: 'it counts the claims of a record instead of drawing tokens, and a new record counts from the start',
    rejectedBy: 'guard 1: a claim token is never drawn twice, not after a release, a purge or a reset',
    wrap: (store) => {
      const real = new Map<string, string>();
      const counted = (claimed: ClaimedJob): ClaimedJob => {
        const token = `claim-of-generation-${claimed.record.generation}-${claimed.record.history.length}`;
        real.set(`${claimed.key.id} ${token}`, claimed.key.token);
        return { ...claimed, key: { ...claimed.key, token } };
      };
      const back = (key: ClaimKey): ClaimKey => ({ ...key, token: real.get(`${key.id} ${key.token}`) ?? key.token });
      return override(store, {
        claim: async (request) => (await store.claim(request)).map(counted),
        release: (key) => store.release(back(key)),
        commit: (key, outcome, next) => store.commit(back(key), outcome, next),
      });
    },
  },
  {
    name: 'its commit looks at the job and not at the token',
    rejectedBy: 'guard 1: a commit under an older token is refused and does not disturb the worker that runs the job now',
    wrap: (store) => override(store, { commit: async (key, outcome, next) => store.commit(await presentKey(store, key), outcome, next) }),
  },
  {
    name: 'its beat looks at the job and not at the token',
    rejectedBy: 'guard 1: a beat under an older token neither prolongs the lease nor writes progress',
    wrap: (store) => override(store, { heartbeat: async (beats, leaseMs) => store.heartbeat(await Promise.all(beats.map(async (beat) => ({ ...beat, ...(await presentKey(store, beat)) }))), leaseMs) }),
  },
  {
    name: 'its release looks at the job and not at the token',
    rejectedBy: 'guard 1: a release under an older token is refused and leaves the job with its worker',
    wrap: (store) => override(store, { release: async (key) => store.release(await presentKey(store, key)) }),
  },
  {
    name: 'its submit does not compare the epoch',
    rejectedBy: 'guard 3: a submit whose input was staged in an epoch that has passed is refused and writes nothing',
    wrap: (store) => override(store, { submit: async (request) => store.submit({ ...request, epoch: await store.epoch() }) }),
  },
  {
    name: 'its commit does not compare the epoch',
    rejectedBy: 'guard 4: a commit after a reset is refused, also when the same identity runs again',
    wrap: (store) => {
      const claimed = new Map<string, JobRecord>();
      return override(store, {
        claim: async (request) => {
          const jobs = await store.claim(request);
          for (const { key, record } of jobs) claimed.set(key.token, record);
          return jobs;
        },
        commit: async (key, outcome, next) => {
          const reply = await store.commit(key, outcome, next);
          const record = claimed.get(key.token);
          claimed.delete(key.token);
          return record === undefined ? reply : { ...reply, committed: true, record };
        },
      });
    },
  },
  {
    name: 'its purge compares the state alone',
    rejectedBy: 'guard 5: a purge with the token of an earlier take is refused',
    wrap: (store) => override(store, { purge: async (id) => store.purge(id, (await store.get(id))?.takeToken ?? '') }),
  },
  {
    name: 'its purge compares the generation alone',
    rejectedBy: 'guard 5: a purge of a run that was taken itself, with the token of a run before it, is refused',
    wrap: (store) => {
      const generations = new Map<string, number>();
      return override(store, {
        takeNow: async (id) => {
          const taken = await store.takeNow(id);
          if (taken !== null) generations.set(taken.takeToken, (await store.get(id))?.generation ?? 0);
          return taken;
        },
        purge: async (id, token) => {
          const record = await store.get(id);
          return record !== null && record.generation === generations.get(token) && store.purge(id, record.takeToken ?? '');
        },
      });
    },
  },
  {
    name: 'its purge deletes whatever is there',
    rejectedBy: 'guard 5: a purge after the identity was submitted again is refused, in whatever state the new run is',
    wrap: (store) => override(store, {
      purge: async (id) => {
        await store.requestCancel(id);
        const taken = await store.takeNow(id);
        return taken !== null && store.purge(id, taken.takeToken);
      },
    }),
  },
  {
    name: 'its take names all folders that the identity ever had',
    rejectedBy: 'guard 6: a take names the folders of the run that it took, never those of the run before or after',
    wrap: (store) => {
      const folders = new Map<string, Set<string>>();
      const withAll = (taken: TakenJob): TakenJob => {
        const all = folders.get(taken.id) ?? new Set();
        folders.set(taken.id, all);
        taken.folders.forEach((folder) => all.add(folder));
        return { ...taken, folders: [...all] };
      };
      return override(store, {
        takeNow: async (id) => {
          const taken = await store.takeNow(id);
          return taken === null ? null : withAll(taken);
        },
      });
    },
  },
  {
    name: 'its reset leaves the older records in sight until they are collected',
    rejectedBy: 'guard 8: a reset makes everything older absent at once, for every method',
    wrap: (store) => {
      const older = new Map<string, JobRecord>();
      return override(store, {
        reset: async () => {
          for (const record of (await store.list({}, { limit: 1_000 })).jobs) older.set(record.id, record);
          return store.reset();
        },
        get: async (id) => (await store.get(id)) ?? older.get(id) ?? null,
      });
    },
  },
  {
    name: 'its reset clears the records and keeps the epoch',
    rejectedBy: 'an epoch stays until a reset, and every later one sorts after it, however quickly they follow',
    wrap: (store) => {
      const first = store.epoch();
      return override(store, { epoch: () => first, reset: async () => (await store.reset(), first) });
    },
  },
  {
    name: 'its collecting removes records of every epoch',
    rejectedBy: 'guard 9: collecting removes records of older epochs only, as many as allowed, and tells what is left',
    wrap: (store) => override(store, {
      collect: async (limit) => {
        for (const { id } of (await store.list({ states: ['completed'] }, { limit: 1_000 })).jobs) await store.purge(id, (await store.takeNow(id))?.takeToken ?? '');
        return store.collect(limit);
      },
    }),
  },
];

/** The key of whatever claim the job has now. */
async function presentKey(store: JobStore, { id, token }: ClaimKey): Promise<ClaimKey> {
  return { id, token: (await store.get(id))?.claim?.token ?? token };
}
