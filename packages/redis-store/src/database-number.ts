import { MediaJobError } from '@media-jobs/foundation';
import { isCluster, type RedisClient } from './client-rules.ts';
import { storeError } from './redis-error.ts';

/** Whether the client is in the database that it was told to use. */
export interface DatabaseWatch extends Disposable {
  /** Asks the server, for a client that may have been connected before anybody watched. Throws what `storeError` makes. */
  readonly ask: () => Promise<void>;
  /** Throws `STORE_INCOMPATIBLE` when the server of the present connection has no such database. */
  readonly require: () => void;
}

/** Where a server has no database of this number, ioredis reports an error and goes on in database 0, which is somebody else's. */
export function watchDatabase(client: RedisClient): DatabaseWatch {
  const number = isCluster(client) ? 0 : (client.options.db ?? 0);
  let refused: Error | null = null;
  const onConnect = (): void => void (refused = null);
  const onError = (error: Error & { readonly command?: { readonly name?: string } }): void => {
    if (error.command?.name === 'select') refused = error;
  };
  client.on('connect', onConnect);
  client.on('error', onError);
  return {
    async ask() {
      if (isCluster(client) || number === 0) return;
      await client.select(number).catch((error: unknown) => {
        if (!(error instanceof Error) || error.name !== 'ReplyError') throw storeError(error);
        refused = error;
      });
    },
    require() {
      if (refused === null) return;
      throw new MediaJobError('STORE_INCOMPATIBLE', {
        message: `Expected Redis to have database ${number}, got: ${refused.message}`,
        advice: 'Give a smaller number in the URL, or raise `databases` of the server; nothing was written.',
        facts: { database: number },
        cause: refused,
      });
    },
    [Symbol.dispose]() {
      client.off('connect', onConnect);
      client.off('error', onError);
    },
  };
}
