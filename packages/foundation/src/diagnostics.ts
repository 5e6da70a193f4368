import { channel } from 'node:diagnostics_channel';

/** Message of `lockWaits`: somebody wanted a lock that is held among processes. */
export interface LockWait {
  readonly path: string;
  readonly waitedMs: number;
  /** False when the time was over before. */
  readonly taken: boolean;
}

/** Message of `storeReconnects`: a store has lost its connection and makes it anew. */
export interface StoreReconnect {
  readonly store: string;
}

/** Channels of `node:diagnostics_channel`, for metrics: what they tell concerns the whole process, and costs nothing while nobody listens. */
export const lockWaits = channel('media-jobs:lock-wait');
export const storeReconnects = channel('media-jobs:store-reconnect');
