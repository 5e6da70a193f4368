import type { SharedSettings } from '@media-jobs/core';
import { indexedStates, type EraKeys } from './keys.ts';
import type { Records } from './records.ts';
import { removeStrayKeys } from './stray-keys.ts';
import { closeEraScript, forgetScript } from './scripts/epoch.ts';
import type { ScriptRunner } from './script-runner.ts';

/** Records that are removed at a time: they are not read, only unlinked. */
const batch = 200;

/** See `JobStore.collect`. Guard 9: keys of older eras only, whoever resumes whose reset. Finding nothing is two trips. */
export async function collect(records: Records, runner: ScriptRunner, limit: number): Promise<{ readonly removed: number; readonly left: number }> {
  const { eras } = records;
  const present = await eras.refresh();
  const names = await runner.command('eras', (client) => client.smembers(eras.keys.eras));
  let removed = 0;
  let left = 0;
  for (const name of names.filter((each) => each !== present.name)) {
    const keys = eras.keys.ofEra(name);
    for (let more = true; more && removed < limit;) {
      const forgotten = await forget(records, name, keys, Math.min(batch, limit - removed));
      removed += forgotten;
      more = forgotten > 0;
    }
    const rest = await runner.command('left', (client) => client.zcard(keys.all));
    if (rest === 0) await closeEra(records, runner, name, keys);
    left += rest;
  }
  return { removed, left };
}

async function forget({ eras }: Records, name: string, keys: EraKeys, limit: number): Promise<number> {
  const [, removed] = await eras.act<readonly [string, string]>(forgetScript, 'write', (present) => ({ keys: [eras.keys.eras, keys.all], args: [name, present.name, keys.record(''), limit] }));
  return Number(removed);
}

async function closeEra({ eras }: Records, runner: ScriptRunner, name: string, keys: EraKeys): Promise<void> {
  await removeStrayKeys(runner, eras.keys, name);
  const operations = (await runner.command('operations', (client) => client.hkeys(keys.tally))).flatMap((field) => (field.startsWith('n:') ? [field.slice(2)] : []));
  const others = [keys.standing, keys.lease, keys.retry, keys.expiry, keys.tally, ...indexedStates.map((state) => keys.inState(state)), ...operations.flatMap((operation) => [keys.line(operation), keys.longest(operation)])];
  await eras.act(closeEraScript, 'write', (present) => ({ keys: [eras.keys.eras, keys.all, ...others], args: [name, present.name] }));
}

/** See `JobStore.shareSettings`. */
export async function shareSettings({ eras }: Records, runner: ScriptRunner, { ttlMs, cleanupIntervalMs }: SharedSettings): Promise<SharedSettings | null> {
  const before = await runner.command('settings', (client) => client.set(eras.keys.settings, JSON.stringify({ ttlMs, cleanupIntervalMs }), 'GET'));
  return readSettings(before);
}

/** What another process wrote down; null for what is none of ours. */
function readSettings(text: string | null): SharedSettings | null {
  if (text === null) return null;
  try {
    const { ttlMs, cleanupIntervalMs } = JSON.parse(text) as Partial<SharedSettings>;
    return typeof ttlMs === 'number' && typeof cleanupIntervalMs === 'number' ? { ttlMs, cleanupIntervalMs } : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
