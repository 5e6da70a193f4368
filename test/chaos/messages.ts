import type { StoreSpec } from './worker/open-store.ts';

/** The steps of a job's life at which a worker can be halted, in their order. */
export const steps = [
  'staged', 'submitted', 'claimed', 'input-opened', 'progress-1', 'progress-2', 'progress-3', 'draft-written', 'output-written', 'committing', 'committed',
] as const;
export type Step = (typeof steps)[number];

/** What a worker is started with. */
export interface WorkerOrders {
  readonly store: StoreSpec;
  readonly workFolder: string;
  /** It says `reached` and waits, the first time that any of its jobs comes here; null for a worker that is never halted. */
  readonly haltAt: Step | null;
  readonly heartbeatMs: number;
  readonly leaseMs: number;
}

/** What a worker does when it is told. */
export type WorkerCommand =
  | { readonly do: 'submit'; readonly file: string }
  /** Goes on where it was halted. */
  | { readonly do: 'go' }
  | { readonly do: 'close' };

/** What a worker tells. `atUs` is of the clock that all processes of the machine share, in microseconds. */
export type WorkerEvent =
  | { readonly event: 'open' }
  | { readonly event: 'reached'; readonly step: Step }
  /** The store has taken the job, or had it. */
  | { readonly event: 'accepted'; readonly id: string }
  | { readonly event: 'begun'; readonly id: string; readonly token: string; readonly atUs: number }
  /** `how`: `returned`, or the code of what it threw. */
  | { readonly event: 'ended'; readonly id: string; readonly token: string; readonly atUs: number; readonly how: string }
  /** What the store said to a result, and when it took it, by its own clock. */
  | { readonly event: 'told'; readonly id: string; readonly token: string; readonly committed: boolean; readonly endedAt: number | null }
  | { readonly event: 'result'; readonly file: string; readonly sha256: string }
  | { readonly event: 'no-result'; readonly file: string; readonly code: string; readonly why: string }
  | { readonly event: 'closed' };

/** Now, by the clock that all processes of the machine share. */
export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
