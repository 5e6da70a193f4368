import { isCluster, type RedisClient } from './client-rules.ts';
import type { StoreKeys } from './keys.ts';
import type { ScriptRunner } from './script-runner.ts';

/** Keys that Redis looks at in one call; a fraction of a millisecond. */
const perCall = 500;

/**
 * Removes what no index names of an era that has passed, such as records that were set aside. It looks at all keys of the
 * database, a few at a time, and removes only those that this era's names begin.
 */
export async function removeStrayKeys(runner: ScriptRunner, keys: StoreKeys, era: string): Promise<void> {
  const lasting = new Set([keys.epoch, keys.eras, keys.settings, keys.events, keys.cancels]);
  const prefixes = [`${keys.base}${era}`, `${keys.base}aside:${era}`];
  for (const node of await runner.command('nodes', (client) => Promise.resolve(isCluster(client) ? client.nodes('master') : [client]))) {
    for (let cursor = '0', first = true; first || cursor !== '0'; first = false) {
      const [next, found] = await runner.command('scan', () => scan(node, cursor, `${keys.base}*${era}*`));
      const stray = found.filter((key) => !lasting.has(key) && prefixes.some((prefix) => key.startsWith(prefix)));
      if (stray.length > 0) await runner.command('unlink', (client) => client.unlink(...stray));
      cursor = next;
    }
  }
}

function scan(node: Exclude<RedisClient, { readonly isCluster: true }>, cursor: string, pattern: string): Promise<[string, string[]]> {
  return node.scan(cursor, 'MATCH', pattern, 'COUNT', perCall);
}
