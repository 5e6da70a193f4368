import { applySubmit, bytesOf, newToken, queueFullRetryAfterMs, type JobRecord, type SubmitOutcome, type SubmitRequest } from '@media-jobs/core';
import type { Era, ScriptCall } from './eras.ts';
import { shortId } from './keys.ts';
import type { KnownRecords } from './known-records.ts';
import type { Place, Records } from './records.ts';
import { encodeRecord } from './record-codec.ts';
import { submitScript } from './scripts/submit.ts';
import type { Snapshot } from './snapshot.ts';
import { batchTurn } from './turn-batch.ts';

/** What became of a new job. `epoch`: a reset came in between. `place`: something stands there, and core must say what that means. */
export type NewJobReply = SubmitOutcome | { readonly kind: 'epoch' } | { readonly kind: 'place'; readonly place: Place };

interface Asked {
  readonly era: Era;
  readonly request: SubmitRequest;
  /** As it would be written at the time 0. */
  readonly record: JobRecord;
}

/** Writes new jobs, those of one turn together. */
export interface NewJobs {
  /** Marks records that this handle put in line, until they are claimed. */
  readonly mark: string;
  readonly submit: (era: Era, request: SubmitRequest) => Promise<NewJobReply>;
}

/** Jobs that one script takes: less than half a millisecond of Redis. */
const batch = 50;

/** Times and numbers that the script writes itself. */
const writtenThere: ReadonlySet<string> = new Set(['c', 'u', 'n']);

export function createNewJobs(records: Records, known: KnownRecords): NewJobs {
  const mark = newToken().slice(0, 8);
  const submitSome = async (era: Era, asked: readonly Asked[]): Promise<readonly NewJobReply[]> => {
    const reply = await records.eras.actIn<readonly [string, string, readonly (string | Snapshot)[]]>(era, submitScript, 'write', submitCall(records, era, mark, asked));
    if (reply === null) return asked.map(() => ({ kind: 'epoch' }));
    const [, now, answers] = reply;
    return Promise.all(asked.map(async ({ record }, index) => {
      const answer = answers[index];
      if (answer === 'new') return { kind: 'created' as const, record: keep(known, record, Number(now)) };
      if (answer === 'full') return { kind: 'refused' as const, reason: 'queue-full' as const, retryAfterMs: queueFullRetryAfterMs };
      return { kind: 'place' as const, place: await records.admit(era, record.id, answer as Snapshot, Number(now)) };
    }));
  };
  const submitAll = batchTurn<Asked, NewJobReply>(async (asked) => {
    const replies = new Map<Asked, NewJobReply>();
    const slices = [...Map.groupBy(asked, ({ era }) => era)].flatMap(([era, some]) => Array.from({ length: Math.ceil(some.length / batch) }, (_, index) => ({ era, some: some.slice(index * batch, (index + 1) * batch) })));
    await Promise.all(slices.map(async ({ era, some }) => (await submitSome(era, some)).forEach((reply, index) => replies.set(some[index] as Asked, reply))));
    return asked.map((one) => replies.get(one) as NewJobReply);
  });
  return {
    mark,
    submit: async (era, request) => {
      const outcome = applySubmit(null, request, { epoch: era.epoch, now: 0, waiting: () => 0 });
      return outcome.kind === 'created' ? submitAll({ era, request, record: outcome.record }) : outcome;
    },
  };
}

/** The record with the times that the server set. */
function keep(known: KnownRecords, record: JobRecord, now: number): JobRecord {
  const written = { ...record, createdAt: now, queuedAt: now, updatedAt: now, sequence: now };
  known.put(written, '1');
  return written;
}

function submitCall({ eras }: Records, { keys }: Era, mark: string, asked: readonly Asked[]): ScriptCall {
  const fixed = [keys.tally, eras.keys.events, keys.all, keys.standing, keys.inState('queued')];
  const lines = [...new Set(asked.map(({ record }) => record.operation))];
  const firstRecord = fixed.length + 2;
  const firstLine = firstRecord + asked.length;
  const jobs = asked.map(({ request, record }, index) => {
    const { fields, body } = encodeRecord(record);
    const inputs = record.inputFolder === null ? 0 : record.inputs.length;
    return [
      firstRecord + index, firstLine + lines.indexOf(record.operation), shortId(record.id), record.operation, Math.min(request.maxWaiting, Number.MAX_SAFE_INTEGER), 0 - record.priority, inputs, bytesOf(record),
      body ?? '', Object.entries(fields).flatMap(([name, value]) => (writtenThere.has(name) ? [] : [name, value])),
    ];
  });
  return { keys: [...fixed, ...asked.map(({ record }) => keys.record(record.id)), ...lines.map((operation) => keys.line(operation))], args: [mark, scriptJson(jobs)] };
}

/** JSON that the decoder of Redis takes: half of a surrogate pair, which it refuses, is replaced as it would be in UTF-8. */
export function scriptJson(value: unknown): string {
  const text = JSON.stringify(value);
  return text.includes('\\ud') ? JSON.stringify(JSON.parse(text, (_name, member: unknown) => (typeof member === 'string' ? member.toWellFormed() : member))) : text;
}
