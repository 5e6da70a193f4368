import { setImmediate as nextTurn } from 'node:timers/promises';
import { MediaJobError, systemClock, type Logger } from '@media-jobs/foundation';
import { runGroup, type Call } from './call-group.ts';
import { closedError } from './closed-error.ts';
import type { Connection, Durability, Work } from './connection.ts';
import { isBusy, storeError } from './sqlite-error.ts';
import { pauseMs, whileBusy } from './while-busy.ts';

/** Runs transactions on one connection, which is opened when it is first needed. Throws errors of ours only. */
export interface Transactions extends AsyncDisposable {
  write<Result>(durability: Durability, work: Work<Result>): Promise<Result>;
  /** Waits for no writer. */
  read<Result>(work: Work<Result>): Promise<Result>;
}

export interface TransactionsOptions {
  readonly file: string;
  readonly retryForMs: number;
  readonly logger: Logger;
  readonly open: () => Promise<Connection>;
}

/** One connection, made when it is needed, and again after it was dropped, or its file was deleted or replaced. */
interface Opener {
  get(): Promise<Connection>;
  drop(): Promise<void>;
}

function createOpener({ open, file, logger }: TransactionsOptions): Opener {
  let opening: Promise<Connection> | null = null;
  const forget = (mine: Promise<Connection>): void => {
    if (opening === mine) opening = null;
  };
  const get = async (): Promise<Connection> => {
    const mine = (opening ??= open());
    const connection = await mine.catch((error: unknown) => {
      forget(mine);
      throw error;
    });
    if (connection.isPresent()) return connection;
    if (opening === mine) {
      forget(mine);
      connection.close();
      logger.warn({ file }, 'The file of the job store was deleted or replaced while it was open: what it held is gone. The store goes on with the file that is there now, or a new one.');
    }
    return get();
  };
  const drop = async (): Promise<void> => {
    const dropped = opening;
    opening = null;
    (await dropped?.catch(() => null))?.close();
  };
  return { get, drop };
}

/** Answers every call with the error. */
function rejectAll(calls: readonly Call[], error: Error): void {
  for (const call of calls) call.reject(error);
}

/**
 * Works off the line until it is empty. While another process holds the file, all calls wait in order, without blocking
 * the event loop; each gives up `retryForMs` after the file was first found busy, or after it began to wait.
 */
async function drain(line: Call[], opener: Opener, { file, retryForMs }: TransactionsOptions): Promise<void> {
  let busySince: number | null = null;
  for (let tries = 0; line.length > 0; tries += 1) {
    const result = runGroup(await opener.get(), line);
    if (result.kind === 'busy') {
      const now = systemClock.monotonic();
      busySince ??= now;
      const isOverdue = (call: Call): boolean => now - Math.max(call.since, busySince ?? now) >= retryForMs;
      rejectAll(line.filter(isOverdue), storeError(result.error, file));
      line.splice(0, line.length, ...line.filter((call) => !isOverdue(call)));
      await systemClock.sleep(pauseMs(tries));
      continue;
    }
    busySince = null;
    tries = -1;
    if (result.kind === 'failed') await answerFailure(result.call, result.error, opener, file);
    else await nextTurn();
  }
}

/** After an error of SQLite, not of the work, the connection is dropped, so that the next call looks at the file anew. */
async function answerFailure(call: Call, error: unknown, opener: Opener, file: string): Promise<void> {
  if (!MediaJobError.isInstance(error)) await opener.drop();
  call.reject(storeError(error, file));
}

async function readOnce<Result>(work: Work<Result>, opener: Opener, { file, retryForMs }: TransactionsOptions, isClosed: () => boolean): Promise<Result> {
  try {
    return await whileBusy(retryForMs, async () => {
      if (isClosed()) throw closedError();
      const connection = await opener.get();
      // Opening takes time, in which the store may have been disposed.
      if (isClosed()) throw closedError();
      return connection.read(work);
    });
  } catch (error) {
    if (!MediaJobError.isInstance(error) && !isBusy(error)) await opener.drop();
    throw storeError(error, file);
  }
}

/** Writes that are asked for in one turn of the event loop share a transaction; see `runGroup`. */
export function createTransactions(options: TransactionsOptions): Transactions {
  const { file } = options;
  const opener = createOpener(options);
  const line: Call[] = [];
  let draining: Promise<void> | null = null;
  let closed = false;

  const drainAll = async (): Promise<void> => {
    try {
      await drain(line, opener, options);
    } catch (error) {
      rejectAll(line.splice(0), storeError(error, file));
    } finally {
      draining = null;
    }
  };
  return {
    write: <Result>(durability: Durability, work: Work<Result>) => new Promise<Result>((resolve, reject) => {
      if (closed) throw closedError();
      line.push({ durability, work, since: systemClock.monotonic(), resolve: resolve as (result: unknown) => void, reject, alone: false });
      draining ??= drainAll();
    }),
    read: (work) => readOnce(work, opener, options, () => closed),
    [Symbol.asyncDispose]: async () => {
      closed = true;
      await draining;
      await opener.drop();
    },
  };
}
