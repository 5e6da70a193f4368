import { systemClock } from '@media-jobs/foundation';
import type { Connection, Durability, Work } from './connection.ts';
import { isBusy } from './sqlite-error.ts';

/** A write that waits for its transaction. */
export interface Call {
  readonly durability: Durability;
  readonly work: Work<unknown>;
  /** When it began to wait, on the machine's monotonic clock. */
  readonly since: number;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  /** It was in a group that failed, and runs without others now. */
  alone: boolean;
}

/** Calls share a transaction for at most this long; then the event loop has its turn. */
const longestGroupMs = 10;

/**
 * What became of a group. `done`: its calls are answered. `split`: it failed, and its calls will be tried one by one.
 * `busy`: another process holds the file. `failed`: a call failed by itself and has left the line, unanswered.
 */
export type GroupResult =
  | { readonly kind: 'done' | 'split' }
  | { readonly kind: 'busy'; readonly error: unknown }
  | { readonly kind: 'failed'; readonly call: Call; readonly error: unknown };

/**
 * Runs the first calls of the line in one transaction and answers them after the commit: one lock and one sync of the
 * disk for all of them. A call that fails cannot fail the others: they are run again without it.
 */
export function runGroup(connection: Connection, line: Call[]): GroupResult {
  const group = firstGroup(line);
  try {
    const results = connection.write(group.some((call) => call.durability === 'durable') ? 'durable' : 'relaxed', (statements) => {
      const until = systemClock.monotonic() + longestGroupMs;
      const made: unknown[] = [];
      for (const call of group) {
        made.push(call.work(statements));
        if (systemClock.monotonic() >= until) break;
      }
      return made;
    });
    line.splice(0, results.length).forEach((call, index) => call.resolve(results[index]));
    return { kind: 'done' };
  } catch (error) {
    return failure(line, group, error);
  }
}

function failure(line: Call[], group: readonly Call[], error: unknown): GroupResult {
  if (isBusy(error)) return { kind: 'busy', error };
  const [only] = group;
  if (only !== undefined && group.length === 1) {
    line.shift();
    return { kind: 'failed', call: only, error };
  }
  for (const call of group) call.alone = true;
  return { kind: 'split' };
}

function firstGroup(line: readonly Call[]): readonly Call[] {
  const firstAlone = line.findIndex((call) => call.alone);
  return firstAlone === -1 ? [...line] : line.slice(0, Math.max(1, firstAlone));
}
