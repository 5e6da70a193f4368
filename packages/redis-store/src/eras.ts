import { newEpoch } from '@media-jobs/core';
import { replaceScript, presentScript } from './scripts/epoch.ts';
import type { Script } from './scripts/script.ts';
import type { ScriptRunner } from './script-runner.ts';
import { batchTurn } from './turn-batch.ts';
import { storeKeys, type EraKeys, type StoreKeys } from './keys.ts';

/** A reset era: its epoch, and a short name for it that keys carry. */
export interface Era {
  /** What stands at the key of the epoch while this era lasts. */
  readonly value: string;
  readonly name: string;
  readonly epoch: string;
  readonly keys: EraKeys;
}

/** What a script is called with. Epoch and clock offset come before `args`. */
export interface ScriptCall {
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

/** Knows the present era, and runs scripts in it. */
export interface Eras {
  readonly keys: StoreKeys;
  /** As it was last seen; asks Redis only the first time. */
  readonly present: () => Promise<Era>;
  /** The same without asking; null before the first time. */
  readonly seen: () => Era | null;
  /** Asks Redis. */
  readonly refresh: () => Promise<Era>;
  /** Guard 8: one atomic act. Returns the new era. */
  readonly replace: () => Promise<Era>;
  /** Runs a script under the present era, again when a reset came in between. Replies without the leading OK. */
  readonly act: <Reply>(script: Script, kind: 'read' | 'write', call: (era: Era) => ScriptCall) => Promise<Reply>;
  /** Runs it under this era only; null when that has passed. */
  readonly actIn: <Reply>(era: Era, script: Script, kind: 'read' | 'write', call: ScriptCall) => Promise<Reply | null>;
}

/** Eras are named by time, so that one is never used twice, not even after the database was lost: steps of 10 s since 2025. */
const firstEraAt = Date.UTC(2025, 0, 1);
const eraStepMs = 10_000;

export function nextEraName(now: number, before: string | null): string {
  const number = Math.max(Math.floor((now - firstEraAt) / eraStepMs), before === null ? 0 : Number.parseInt(before, 36) + 1);
  return number.toString(36).padStart(5, '0');
}

export function createEras(runner: ScriptRunner, prefix: string, clockOffsetMs: () => number): Eras {
  const keys = storeKeys(prefix);
  let seen: Era | null = null;

  const eraOf = (value: string): Era => {
    if (seen?.value === value) return seen;
    const [name = '', epoch = ''] = value.split(' ');
    return (seen = { value, name, epoch, keys: keys.ofEra(name) });
  };
  const look = async (): Promise<{ readonly value: string; readonly now: number }> => {
    const [value, now] = (await runner.run(presentScript, [keys.epoch], [clockOffsetMs()], 'read')) as [string, string];
    return { value, now: Number(now) };
  };
  /** Puts a new epoch in the place of the one that stands. When somebody else is quicker, `insist` says whether to try again. */
  const draw = async (insist: boolean): Promise<Era> => {
    for (;;) {
      const { value, now } = await look();
      if (value !== '' && !insist) return eraOf(value);
      const [name = null, epoch] = value === '' ? [seen?.name, seen?.epoch] : value.split(' ');
      const era = nextEraName(now, name);
      const fresh = `${era} ${newEpoch(now, epoch)}`;
      const stands = (await runner.run(replaceScript, [keys.epoch, keys.eras, keys.events, keys.cancels], [value, fresh, era], 'write')) as string;
      if (stands === fresh || !insist) return eraOf(stands);
    }
  };
  const refreshAll = batchTurn<null, Era>(async (askers) => {
    const value = await runner.command('epoch', (client) => client.get(keys.epoch));
    const era = value === null ? await draw(false) : eraOf(value);
    return askers.map(() => era);
  });
  const refresh = (): Promise<Era> => refreshAll(null);
  const present = async (): Promise<Era> => seen ?? refresh();
  const replace = (): Promise<Era> => draw(true);
  return { keys, present, seen: () => seen, refresh, replace, ...createActs(runner, clockOffsetMs, keys, { present, refresh }) };
}

/** Runs scripts in an era. */
function createActs(runner: ScriptRunner, clockOffsetMs: () => number, keys: StoreKeys, { present, refresh }: Pick<Eras, 'present' | 'refresh'>): Pick<Eras, 'act' | 'actIn'> {
  const actIn: Eras['actIn'] = async <Reply>(era: Era, script: Script, kind: 'read' | 'write', call: ScriptCall) => {
    const reply = (await runner.run(script, [keys.epoch, ...call.keys], [era.value, clockOffsetMs(), ...call.args], kind)) as readonly unknown[];
    return reply[0] === 'EPOCH' ? null : (reply as Reply);
  };
  const act: Eras['act'] = async <Reply>(script: Script, kind: 'read' | 'write', call: (era: Era) => ScriptCall) => {
    for (let era = await present(); ; era = await refresh()) {
      const reply = await actIn<Reply>(era, script, kind, call(era));
      if (reply !== null) return reply;
    }
  };
  return { act, actIn };
}
