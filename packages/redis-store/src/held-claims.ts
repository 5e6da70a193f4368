import type { ClaimedJob, JobRecord } from '@media-jobs/core';

/** Claims that a process may hold at once before the oldest are forgotten. They cost a look at the record then, nothing else. */
const mostHeld = 10_000;

/** What this handle knows of the jobs that it claimed, so that it need not read them again to commit. */
export interface HeldClaims {
  readonly add: (claimed: ClaimedJob) => void;
  /** The record as of its claim. Progress may have moved since; nothing else can have, while the token holds. */
  readonly get: (token: string) => JobRecord | null;
  readonly delete: (token: string) => void;
}

export function createHeldClaims(): HeldClaims {
  const held = new Map<string, JobRecord>();
  return {
    add: ({ key, record }) => {
      held.set(key.token, record);
      if (held.size <= mostHeld) return;
      const [oldest] = held.keys();
      if (oldest !== undefined) held.delete(oldest);
    },
    get: (token) => held.get(token) ?? null,
    delete: (token) => void held.delete(token),
  };
}
