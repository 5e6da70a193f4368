import { bytesOf, expiryDueAt, type JobRecord } from '@media-jobs/core';
import { indexedStates, shortId, type EraKeys } from './keys.ts';
import { encodeRecord, timesOf } from './record-codec.ts';

/** Where a record stands in one sorted set. */
interface Placement {
  readonly key: string;
  readonly score: number;
  /** The field of the time that is the score, if one is. */
  readonly time?: string;
  /** A place in line is a text that the script makes and notes in the record (`lm`), so that it can be found again. */
  readonly how?: 'line' | 'longest';
}

/** What turns the stored form of one record into that of the next, in the words of the swap script. */
export interface RecordPlan {
  /** Fields of times that mean "now" and what follows from it: the server shifts them by its clock. */
  readonly shifted: readonly string[];
  readonly set: readonly string[];
  readonly deleted: readonly string[];
  readonly texts: readonly string[];
  /** The member `@` stands for the noted place in line. */
  readonly removed: readonly { readonly key: string; readonly member: string }[];
  readonly added: readonly { readonly key: string; readonly how: string; readonly score: number; readonly member: string }[];
  readonly tally: readonly string[];
}

/**
 * Times that may stand there though the record before would be written without them: the server's clock made two of them
 * equal that were told apart here.
 */
const unsure = ['q', 's', 'e', 'x', 'ra', 't', 'ca', 'lu'] as const;

/** Fields that a script wrote: the place in line, the mark of who put it there, and what beats told since, which a completed job does not keep. */
function leftBehind(after: JobRecord | null): readonly string[] {
  return ['h', ...(after?.state === 'queued' ? [] : ['lm']), ...(after?.state === 'completed' ? ['pg', 'ph'] : [])];
}

/** All that Redis must do when `after` takes the place of `before`; null stands for no record. */
export function planRecord(keys: EraKeys, before: JobRecord | null, after: JobRecord | null): RecordPlan {
  const [old, next] = [before === null ? null : encodeRecord(before), after === null ? null : encodeRecord(after)];
  const shifted = after === null ? [] : shiftedTimes(before, after);
  return {
    shifted,
    set: Object.entries(next?.fields ?? {}).flatMap(([name, value]) => (old?.fields[name] === value && !shifted.includes(name) ? [] : [name, value])),
    deleted: next === null ? ['*'] : old === null ? [] : [...new Set([...Object.keys(old.fields), ...unsure, ...leftBehind(after)])].filter((name) => next.fields[name] === undefined),
    texts: [...textChange('b', old?.body, next?.body), ...textChange('r', old?.result, next?.result)],
    ...indexChanges(keys, before, after, shifted),
    tally: tallyChanges(before, after),
  };
}

/** Writes a record that stood there in another form, and puts it where it belongs. It is counted already. */
export function planRepair(keys: EraKeys, record: JobRecord): RecordPlan {
  return { ...planRecord(keys, null, record), shifted: [], added: planRecord(keys, null, record).added.map((entry) => ({ ...entry, how: entry.how === 'now' ? 'as-is' : entry.how })), tally: [] };
}

/** Times that are not what they were: a move writes none but "now" or a time counted from it. */
function shiftedTimes(before: JobRecord | null, after: JobRecord): string[] {
  const [old, next] = [before === null ? {} : timesOf(before), timesOf(after)];
  return Object.entries(next).flatMap(([name, time]) => (time === null || time === old[name] ? [] : [name]));
}

function textChange(name: string, old: string | null | undefined, next: string | null | undefined): string[] {
  if ((old ?? null) === (next ?? null)) return [];
  return [name, next ?? ''];
}

function indexChanges(keys: EraKeys, before: JobRecord | null, after: JobRecord | null, shifted: readonly string[]): Pick<RecordPlan, 'removed' | 'added'> {
  const [old, next] = [before === null ? [] : placements(keys, before), after === null ? [] : placements(keys, after)];
  const stays = ({ key, how }: Placement): boolean => how !== 'line' && next.some((placement) => placement.key === key);
  const same = (placement: Placement): boolean => placement.how !== 'line' && (placement.time === undefined || !shifted.includes(placement.time)) && old.some(({ key, score }) => key === placement.key && score === placement.score);
  const short = shortId((after ?? before)?.id ?? '');
  return {
    removed: old.filter((placement) => !stays(placement)).map(({ key, how }) => ({ key, member: how === 'line' ? '@' : short })),
    added: next.filter((placement) => !same(placement)).map(({ key, score, time, how }) => ({ key, score, member: short, how: how ?? (time !== undefined && shifted.includes(time) ? 'now' : 'as-is') })),
  };
}

function placements(keys: EraKeys, record: JobRecord): readonly Placement[] {
  const all: Placement = { key: keys.all, score: record.createdAt, time: 'c' };
  const state = indexedStates.find((name) => name === record.state);
  return [all, ...(state === undefined ? [] : [{ key: keys.inState(state), score: record.createdAt, time: 'c' }]), ...dueIn(keys, record)];
}

function dueIn(keys: EraKeys, record: JobRecord): readonly Placement[] {
  switch (record.state) {
    case 'queued':
      return [{ key: keys.standing, score: record.updatedAt, time: 'u' }, { key: keys.line(record.operation), score: 0 - record.priority, how: 'line' }];
    case 'running':
      return [{ key: keys.lease, score: record.claim?.leaseUntil ?? 0, time: 'lu' }];
    case 'retrying':
      return [{ key: keys.retry, score: record.retryAt ?? 0, time: 'ra' }];
    case 'completed':
      return [{ key: keys.expiry, score: expiryDueAt(record) ?? 0, time: 'x' }, { key: keys.longest(record.operation), score: record.usage?.wallMs ?? 0, how: 'longest' }];
    case 'failed':
    case 'cancelled':
      return [{ key: keys.expiry, score: expiryDueAt(record) ?? 0, time: 'x' }];
    case 'expiring':
      return [{ key: keys.expiry, score: expiryDueAt(record) ?? 0, time: 'u' }];
  }
}

/** Files that a record names. */
export function filesOf({ artifacts, inputFolder, inputs }: JobRecord): number {
  return artifacts.length + (inputFolder === null ? 0 : inputs.length);
}

/** What a record adds to the counters: jobs by operation and what they do, wall time, files, bytes, dead letters. */
function contributions(record: JobRecord): Readonly<Record<string, number>> {
  const { operation, state, deadLetter, usage } = record;
  const group = { queued: 'w', retrying: 'w', running: 'r', completed: 'c', failed: 'f', cancelled: null, expiring: null }[state];
  return {
    [`n:${operation}`]: 1, ...(group === null ? {} : { [`${group}:${operation}`]: 1 }), ...(state === 'completed' ? { [`ms:${operation}`]: usage?.wallMs ?? 0 } : {}),
    '#files': filesOf(record), '#bytes': bytesOf(record), '#dead': deadLetter === null ? 0 : 1,
  };
}

function tallyChanges(before: JobRecord | null, after: JobRecord | null): string[] {
  const [old, next] = [before === null ? {} : contributions(before), after === null ? {} : contributions(after)];
  return [...new Set([...Object.keys(old), ...Object.keys(next)])].flatMap((name) => {
    const change = (next[name] ?? 0) - (old[name] ?? 0);
    return change === 0 ? [] : [name, String(change)];
  });
}
