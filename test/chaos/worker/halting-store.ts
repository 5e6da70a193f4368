import type { JobStore } from '@media-jobs/core';
import type { WorkerEvent } from '../messages.ts';
import type { Halt } from './halt.ts';

/** The store, with a halt before and after its writes, and word of what it said. */
export function withHalts(store: JobStore, halt: Halt, tell: (event: WorkerEvent) => void): JobStore {
  const watched: Pick<JobStore, 'submit' | 'claim' | 'commit'> = {
    async submit(request) {
      await halt.at('staged');
      const outcome = await store.submit(request);
      if (outcome.kind !== 'refused') tell({ event: 'accepted', id: request.id });
      await halt.at('submitted');
      return outcome;
    },
    async claim(request) {
      const claimed = await store.claim(request);
      if (claimed.length > 0) await halt.at('claimed');
      return claimed;
    },
    async commit(key, outcome, next) {
      await halt.at('committing');
      const reply = await store.commit(key, outcome, next);
      if (outcome.kind === 'completed') tell({ event: 'told', ...key, committed: reply.committed, endedAt: reply.record?.endedAt ?? null });
      await halt.at('committed');
      return reply;
    },
  };
  return new Proxy(store, {
    get(target, name) {
      if (Object.hasOwn(watched, name)) return watched[name as keyof typeof watched];
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
