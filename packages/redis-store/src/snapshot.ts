import { readRecord, type JobRecord } from '@media-jobs/core';
import { decodeRecord, type RecordPlace } from './record-codec.ts';

/** What a script found at a record's key. */
export type Snapshot =
  | readonly ['none']
  | readonly ['hash', readonly string[], string | null, string | null]
  | readonly ['text', string]
  | readonly ['other', string];

/** How a later script knows that nothing has changed since. */
export interface Guard {
  readonly kind: 'new' | 'revision' | 'token' | 'text';
  readonly value: string;
  /** With a token: whether a cancel was asked for. */
  readonly other?: string;
}

/** What a snapshot means. A foreign one is to be set aside. */
export type Sighting =
  | { readonly kind: 'absent'; readonly guard: Guard }
  | { readonly kind: 'record'; readonly record: JobRecord; readonly guard: Guard }
  | { readonly kind: 'foreign'; readonly reason: string; readonly type: string; readonly value: string };

/** Checks what was found. Records of an older version may stand there as one JSON text. */
export function readSnapshot(snapshot: Snapshot, place: RecordPlace): Sighting {
  switch (snapshot[0]) {
    case 'none':
      return { kind: 'absent', guard: { kind: 'new', value: '' } };
    case 'other':
      return { kind: 'foreign', reason: `It is a ${snapshot[1]}.`, type: snapshot[1], value: '' };
    case 'text':
      return readText(snapshot[1], place);
    case 'hash': {
      const fields = fieldsOf(snapshot[1]);
      const revision = fields['r'] ?? '';
      const record = decodeRecord({ fields, body: snapshot[2], result: snapshot[3] }, place);
      return typeof record === 'string' ? { kind: 'foreign', reason: record, type: 'hash', value: revision } : { kind: 'record', record, guard: { kind: 'revision', value: revision } };
    }
  }
}

function readText(text: string, { id, epoch }: RecordPlace): Sighting {
  const foreign = (reason: string): Sighting => ({ kind: 'foreign', reason, type: 'string', value: text });
  const read = readRecord(text);
  if (read.kind === 'newer') return foreign(`It has schema version ${read.schemaVersion}, which a later release wrote.`);
  if (read.kind === 'corrupt') return foreign(read.reason);
  if (read.record.id !== id) return foreign('It is the record of another job.');
  if (read.record.epoch !== epoch) return foreign('It is the record of another epoch.');
  return { kind: 'record', record: read.record, guard: { kind: 'text', value: text } };
}

/** Fields and values in turn, as Redis replies them. */
export function fieldsOf(flat: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let index = 0; index + 1 < flat.length; index += 2) fields[flat[index] ?? ''] = flat[index + 1] ?? '';
  return fields;
}
