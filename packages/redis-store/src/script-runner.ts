import { MediaJobError } from '@media-jobs/foundation';
import type { RedisClient } from './client-rules.ts';
import type { Connection } from './connection.ts';
import type { ResolvedRedisStoreOptions } from './options.ts';
import type { Script } from './scripts/script.ts';

/** Told of every trip to Redis, for tests that count them. */
export type TripObserver = (command: string) => void;

/** Runs commands and scripts, each one trip. */
export interface ScriptRunner {
  /** `write` says that it changes something, which replicas may have to confirm. */
  readonly run: (script: Script, keys: readonly string[], args: readonly (string | number)[], kind: 'read' | 'write') => Promise<unknown>;
  readonly command: <Result>(name: string, run: (client: RedisClient) => Promise<Result>) => Promise<Result>;
}

export function createScriptRunner(connection: Connection, { minReplicas, waitReplicasMs }: ResolvedRedisStoreOptions, observe: TripObserver = () => undefined): ScriptRunner {
  const send = (client: RedisClient, how: 'evalsha' | 'eval', script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> =>
    client[how](how === 'eval' ? script.source : script.sha, keys.length, ...keys, ...args);
  const sendAndWait = async (client: RedisClient, how: 'evalsha' | 'eval', script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> => {
    // A pipeline goes through one connection, in a cluster to the node of its keys: there WAIT means this very write.
    const replies = await client.pipeline()[how](how === 'eval' ? script.source : script.sha, keys.length, ...keys, ...args).wait(minReplicas, waitReplicasMs).exec();
    const [written, confirmed] = replies ?? [];
    if (written?.[0] != null) throw written[0];
    if (confirmed?.[0] != null) throw confirmed[0];
    if (Number(confirmed?.[1] ?? 0) < minReplicas) throw tooFewReplicas(minReplicas, Number(confirmed?.[1] ?? 0));
    return written?.[1];
  };
  return {
    run: (script, keys, args, kind) => connection.call(async (client) => {
      observe(script.name);
      const go = kind === 'write' && minReplicas > 0 ? sendAndWait : send;
      try {
        return await go(client, 'evalsha', script, keys, args);
      } catch (error) {
        // After a restart, a failover or SCRIPT FLUSH the script is not known; then nothing has run.
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
        observe(`${script.name} (loaded)`);
        return go(client, 'eval', script, keys, args);
      }
    }),
    command: (name, run) => connection.call((client) => {
      observe(name);
      return run(client);
    }),
  };
}

function tooFewReplicas(expected: number, got: number): MediaJobError {
  return new MediaJobError('STORE_UNAVAILABLE', {
    message: `Expected ${expected} replicas to have the write in time, got ${got}.`,
    advice: 'The master has it, but a failover now might lose it. Bring the replicas back, or lower `minReplicas`.',
    facts: { expected, got },
  });
}
