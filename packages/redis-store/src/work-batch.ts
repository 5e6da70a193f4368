import { newToken, recordSchemaVersion, type ClaimRequest, type JobPointer } from '@media-jobs/core';
import type { Era, ScriptCall } from './eras.ts';
import { shortId } from './keys.ts';
import { scriptJson } from './new-jobs.ts';
import type { Records } from './records.ts';
import { workScript } from './scripts/work.ts';
import type { Snapshot } from './snapshot.ts';
import { splitText } from './text-fields.ts';
import { batchTurn } from './turn-batch.ts';

/** A claim that has completed, in the words of the script. */
export interface Completion {
  readonly id: string;
  readonly token: string;
  readonly operation: string;
  readonly ttlMs: number;
  readonly wallMs: number;
  readonly files: number;
  readonly bytes: number;
  readonly deleted: readonly string[];
  readonly set: readonly string[];
  /** The text beside the record; empty leaves it as it is, `-` removes it. */
  readonly beside: string;
}

/** What is to be claimed in one era: these pointers, or what is in line. */
export interface Ask extends Pick<ClaimRequest, 'owner' | 'leaseMs' | 'operations' | 'limit'> {
  readonly pointers?: readonly JobPointer[];
}

/** What a script claimed: short id, token, and what stood there before, or its revision where this handle wrote it. */
export interface Taken {
  readonly era: Era;
  readonly now: number;
  readonly jobs: readonly (readonly [string, string, Snapshot | readonly ['known', string]])[];
  /** Short ids of records that the script could not read. */
  readonly foreign: readonly string[];
}

/** The answer to a completion: when, and `o` with a revision, `l` for lost, `f` for a record that the script could not read. */
export interface Ended {
  readonly now: number;
  readonly letter: string;
}

/** Sends what the workers of this process ask for; all of one turn in one script. Null: a reset came in between. */
export interface WorkBatch {
  readonly complete: (era: Era, completion: Completion) => Promise<Ended | null>;
  readonly take: (era: Era, ask: Ask) => Promise<Taken | null>;
}

type Item = { readonly era: Era } & ({ readonly completion: Completion } | { readonly ask: Ask });
type WorkReply = readonly [string, string, readonly string[], readonly (readonly [Taken['jobs'], Taken['foreign']])[]];

/** Commits, and jobs that may be claimed, in one script: less than a millisecond of Redis. */
const batch = 50;

/** Creates it. `mark` is the mark of records that this handle put in line. */
export function createWorkBatch(records: Records, mark: string): WorkBatch {
  const send = async (era: Era, items: readonly Item[]): Promise<readonly (Ended | Taken | null)[]> => {
    const completions = items.flatMap((item) => ('completion' in item ? [item.completion] : []));
    const asks = items.flatMap((item) => ('ask' in item ? [item.ask] : []));
    const reply = await records.eras.actIn<WorkReply>(era, workScript, 'write', workCall(records, era, mark, completions, asks));
    if (reply === null) return items.map(() => null);
    const now = Number(reply[1]);
    const [ended, taken] = [reply[2].values(), reply[3].values()];
    return items.map((item) => {
      if ('completion' in item) return { now, letter: ended.next().value ?? 'l' };
      const [jobs, foreign] = taken.next().value ?? [[], []];
      return { era, now, jobs, foreign };
    });
  };
  const ask = batchTurn<Item, Ended | Taken | null>(async (items) => {
    const replies = new Map<Item, Ended | Taken | null>();
    await Promise.all(slicesOf(items).map(async (slice) => {
      const answers = await send((slice[0] as Item).era, slice);
      slice.forEach((item, index) => replies.set(item, answers[index] ?? null));
    }));
    return items.map((item) => replies.get(item) ?? null);
  });
  return {
    complete: (era, completion) => ask({ era, completion }) as Promise<Ended | null>,
    take: (era, given) => ask({ era, ask: given }) as Promise<Taken | null>,
  };
}

/** Items of one era in their order, each slice as much as one script may do. */
function slicesOf(items: readonly Item[]): readonly (readonly Item[])[] {
  const slices: Item[][] = [];
  let size = 0;
  for (const item of items) {
    const weight = 'ask' in item ? item.ask.limit : 1;
    const last = slices.at(-1);
    if (last === undefined || last[0]?.era !== item.era || size + weight > batch + 10) {
      slices.push([item]);
      size = weight;
    } else {
      last.push(item);
      size += weight;
    }
  }
  return slices;
}

function workCall({ eras }: Records, era: Era, mark: string, completions: readonly Completion[], asks: readonly Ask[]): ScriptCall {
  const { keys } = era;
  const list = [keys.tally, eras.keys.events, keys.lease, keys.standing, keys.inState('queued'), keys.inState('running'), keys.expiry];
  const numbers = new Map<string, number>();
  /** The number of a key, which is declared with it. */
  const numberOf = (key: string): number => {
    const known = numbers.get(key);
    if (known !== undefined) return known;
    list.push(key);
    numbers.set(key, list.length + 1);
    return list.length + 1;
  };
  const done = completions.map(({ id, token, operation, ttlMs, wallMs, files, bytes, deleted, set, beside }) => [
    numberOf(keys.record(id)), shortId(id), token, operation, numberOf(keys.longest(operation)), ttlMs, wallMs, files, bytes, deleted, set, beside,
  ]);
  const wanted = asks.map(({ limit, operations, pointers, owner, leaseMs }) => [
    limit, Object.fromEntries(operations.map((operation) => [operation, numberOf(keys.line(operation))])),
    pointers === undefined ? false : pointers.flatMap(({ id, sequence, epoch }) => (epoch === era.epoch ? [[numberOf(keys.record(id)), shortId(id), String(sequence)]] : [])),
    ownerFields(owner), Math.ceil(leaseMs),
  ]);
  const tokens = Array.from({ length: asks.reduce((sum, { limit }) => sum + limit, 0) }, newToken);
  return { keys: list, args: [recordSchemaVersion, mark, keys.record(''), scriptJson([done, wanted, tokens])] };
}

function ownerFields(owner: string): readonly string[] {
  const fields: Record<string, string> = {};
  if (splitText(fields, 'ow', owner) !== null) fields['ow'] = owner;
  return Object.entries(fields).flat();
}
