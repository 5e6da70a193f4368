import { canonicalJson, readRecord, recordSchemaVersion, type AttemptNote, type JobRecord, type JobState } from '@media-jobs/core';
import { shortId, stateCodes } from './keys.ts';
import { joinText, splitText } from './text-fields.ts';

/** A record as Redis keeps it: small fields of a hash, and texts that did not fit beside it. Null is no text. */
export interface StoredRecord {
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly result: string | null;
}

/** What a record does not say about itself, because its key does. */
export interface RecordPlace {
  readonly id: string;
  readonly epoch: string;
}

type Fields = Record<string, string>;

const stateOf: Readonly<Record<string, JobState>> = Object.fromEntries(Object.entries(stateCodes).map(([state, code]) => [code, state as JobState]));

/** How an attempt ended, in one letter. */
const endCodes = Object.freeze({ completed: 'c', retry: 't', failed: 'f', cancelled: 'x', released: 'r', lost: 'l' } as const satisfies Readonly<Record<AttemptNote['ended'], string>>);
const endOf: Readonly<Record<string, string>> = Object.fromEntries(Object.entries(endCodes).map(([end, code]) => [code, end]));

/**
 * Writes a record in small fields of at most 64 bytes, so that Redis keeps the hash as one packed list, and without what
 * can be told from the rest. `decodeRecord` is its inverse. The revision is not among them: the scripts count it.
 */
export function encodeRecord(record: JobRecord): StoredRecord {
  const fields: Fields = { v: String(record.schemaVersion), st: stateCodes[record.state], op: record.operation, d: shortDigest(record) };
  putTexts(fields, record);
  putNumbers(fields, record);
  putTimes(fields, record);
  putClaim(fields, record);
  const body = splitText(fields, 'B', bodyText(record));
  const result = splitText(fields, 'R', resultText(record));
  return { fields, body, result };
}

/** What the completion of a claim changes in the stored form. A script sets the state, the revision and the times. */
export interface StoredCompletion {
  readonly set: readonly string[];
  readonly deleted: readonly string[];
  /** The text beside the record; empty leaves it as it is, `-` removes it. */
  readonly beside: string;
}

/** Fields that beats and wishes to cancel leave in a claimed record, besides those of the claim. */
const leftByClaim = ['tk', 'ca', 'lu', 'pg', 'ph', 'cr'] as const;
const resultPieces = ['R', 'R1', 'R2', 'R3'] as const;

/** From the record as of its claim to the completed one. */
export function encodeCompletion(before: JobRecord, after: JobRecord): StoredCompletion {
  const fields: Fields = {};
  const owner: Fields = {};
  splitText(owner, 'ow', before.claim?.owner ?? '');
  const beside = splitText(fields, 'R', resultText(after));
  const hadResult = before.history.length > 0 || before.error !== null;
  // The end of the attempt before stood in a field of its own; the end of this one is that of the job.
  const noteEnd = before.history.length > 0 ? ['t'] : [];
  const deleted = [...leftByClaim, ...noteEnd, ...Object.keys(owner), ...(before.inputFolder === null ? [] : ['fi']), ...(hadResult ? resultPieces.filter((name) => fields[name] === undefined) : [])];
  const { wallMs = 0, cpuMs = 0, peakRssBytes = 0 } = after.usage ?? {};
  for (const [name, value] of [['uw', wallMs], ['uc', cpuMs], ['um', peakRssBytes]] as const) if (value !== 0) fields[name] = String(value);
  if (after.outputFolder !== null) fields['fo'] = shortFolder(after, after.outputFolder) ?? '';
  return { set: Object.entries(fields).flat(), deleted, beside: beside ?? (hadResult ? '-' : '') };
}

function putTexts(fields: Fields, record: JobRecord): void {
  const texts: Readonly<Record<string, string | null>> = {
    ns: record.namespace, ph: isPlainSuccess(record) ? null : record.phase, dl: record.deadLetter, ci: record.correlationId, tx: record.takeToken,
    fi: shortFolder(record, record.inputFolder), fo: shortFolder(record, record.outputFolder),
  };
  for (const [name, text] of Object.entries(texts)) if (text !== null && !(name === 'ns' && text === '')) fields[name] = text;
}

/** Completed jobs are the many, and nearly all of them end with these words. */
function isPlainSuccess({ state, phase, progress }: JobRecord): boolean {
  return state === 'completed' && phase === 'completed' && progress === 1;
}

function putNumbers(fields: Fields, record: JobRecord): void {
  const { sequence, priority, policy, attempts, refunds, losses, usage, cancelRequested } = record;
  const progress = isPlainSuccess(record) ? 0 : record.progress;
  const numbers: Readonly<Record<string, number>> = {
    n: sequence, ma: policy.maxAttempts, ml: policy.maxLosses, tt: policy.ttlMs, g: record.generation, ov: record.operationVersion, p: priority, a: attempts, rf: refunds, lo: losses,
    pg: progress, cr: cancelRequested ? 1 : 0, ...(usage === null ? {} : { ui: usage.waitingMs, uw: usage.wallMs, uc: usage.cpuMs, um: usage.peakRssBytes }),
  };
  for (const [name, value] of Object.entries(numbers)) if (value !== usualNumbers[name]) fields[name] = String(value);
}

/** Numbers that a field is not written for. */
const usualNumbers: Readonly<Record<string, number>> = Object.freeze({ ma: 3, ml: 3, g: 1, ov: 1, p: 0, a: 0, rf: 0, lo: 0, pg: 0, cr: 0, uw: 0, uc: 0, um: 0 });

/** The times that a record holds, by the names of their fields. */
export function timesOf(record: JobRecord): Readonly<Record<string, number | null>> {
  return {
    c: record.createdAt, q: record.queuedAt, s: record.startedAt, u: record.updatedAt, ra: record.retryAt, e: record.endedAt, x: record.expiresAt,
    t: record.history.at(-1)?.endedAt ?? null, ca: record.claim?.claimedAt ?? null, lu: record.claim?.leaseUntil ?? null,
  };
}

function putTimes(fields: Fields, record: JobRecord): void {
  const times = timesOf(record);
  const { q, e, x, t } = times;
  const told: Readonly<Record<string, boolean>> = { q: q === times['c'], e: e === times['u'], x: x === (e ?? NaN) + record.policy.ttlMs, t: t !== null && t === e };
  for (const [name, time] of Object.entries(times)) if (time !== null && !(told[name] === true)) fields[name] = String(time);
}

function putClaim(fields: Fields, { claim }: JobRecord): void {
  if (claim === null) return;
  fields['tk'] = claim.token;
  if (splitText(fields, 'ow', claim.owner) !== null) fields['ow'] = claim.owner;
}

function bodyText({ options, inputs }: JobRecord): string {
  const body = { ...(Object.keys(options).length === 0 ? {} : { o: options }), ...(inputs.length === 0 ? {} : { i: inputs }) };
  return Object.keys(body).length === 0 ? '' : canonicalJson(body);
}

function resultText(record: JobRecord): string {
  const { artifacts, error, createdAt } = record;
  const history = record.history.map(({ owner, startedAt, endedAt, ended, error: mistake, logTail }, index) => {
    // The end of the last attempt is a field of its own, so that the server can set it.
    const end = index === record.history.length - 1 ? 0 : endedAt - startedAt;
    return [owner, startedAt - createdAt, end, endCodes[ended], ...(mistake === null && logTail.length === 0 ? [] : [mistake, logTail])];
  });
  const result = {
    ...('output' in record && record.output !== undefined ? { o: record.output } : {}), ...(artifacts.length === 0 ? {} : { a: artifacts }),
    ...(error === null ? {} : { e: error }), ...(history.length === 0 ? {} : { h: history }),
  };
  // Only pieces that differ from those of the record before are written: the text must not depend on the order of keys.
  return Object.keys(result).length === 0 ? '' : canonicalJson(result);
}

/** The id holds the first half of the digest: then only the second is kept. 22 characters, else 43. */
function shortDigest({ id, digest }: JobRecord): string {
  return Buffer.from(digest.startsWith(digestStart(id)) ? digest.slice(32) : digest, 'hex').toString('base64url');
}

function longDigest(id: string, text: string): string {
  const digest = Buffer.from(text, 'base64url').toString('hex');
  return digest.length === 32 ? digestStart(id) + digest : digest;
}

/** The first 128 bits of the digest that an id was made from, in hex: RFC 4648, in lower case. */
function digestStart(id: string): string {
  const bytes = Buffer.alloc(16);
  let [held, bits, at] = [0, 0, 0];
  for (let index = 0, short = shortId(id); index < short.length && at < 16; index += 1) {
    const code = short.charCodeAt(index);
    held = ((held << 5) | ((code >= 97 ? code - 97 : code - 24) & 31)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at] = (held >>> bits) & 255;
    at += 1;
  }
  return bytes.toString('hex');
}

function shortFolder({ id, epoch }: RecordPlace, folder: string | null): string | null {
  const usual = `jobs/${epoch}/${id}/`;
  return folder?.startsWith(usual) === true ? `~${folder.slice(usual.length)}` : folder;
}

/** The record, or why there is none to be read. Never throws. */
export function decodeRecord(stored: StoredRecord, place: RecordPlace): JobRecord | string {
  const version = Number(stored.fields['v']);
  if (Number.isInteger(version) && version > recordSchemaVersion) return `It has schema version ${version}, which a later release wrote.`;
  try {
    const read = readRecord(looseRecord(stored, place));
    return read.kind === 'ok' ? read.record : read.kind === 'corrupt' ? read.reason : `It has schema version ${read.schemaVersion}, which a later release wrote.`;
  } catch (error) {
    return `It cannot be decoded: ${(error as Error).message}`;
  }
}

/** What the fields say, unchecked. Throws when a text is no JSON. */
function looseRecord({ fields, body: bodyBeside, result: resultBeside }: StoredRecord, { id, epoch }: RecordPlace): Record<string, unknown> {
  const number = (name: string, otherwise: number | null = usualNumbers[name] ?? null): number | null => (fields[name] === undefined ? otherwise : Number(fields[name]));
  const text = (name: string): string | null => fields[name] ?? null;
  const folder = (name: string): string | null => fields[name]?.replace(/^~/, `jobs/${epoch}/${id}/`) ?? null;
  const body = parse(joinText(fields, 'B', bodyBeside)) as { o?: unknown; i?: unknown };
  const result = parse(joinText(fields, 'R', resultBeside)) as { o?: unknown; a?: unknown; e?: unknown; h?: readonly (readonly unknown[])[] };
  const createdAt = number('c');
  const plainSuccess = fields['st'] === stateCodes.completed && fields['ph'] === undefined;
  const hasEnd = ['c', 'f', 'x', 'e'].includes(fields['st'] ?? '');
  const endedAt = number('e') ?? (hasEnd ? number('u') : null);
  const expiresAt = number('x') ?? (endedAt === null ? null : endedAt + (number('tt') ?? NaN));
  const noteEnd = number('t') ?? endedAt;
  return {
    schemaVersion: number('v'), id, digest: longDigest(id, text('d') ?? ''), namespace: fields['ns'] ?? '', epoch, operation: text('op'),
    operationVersion: number('ov'), state: stateOf[fields['st'] ?? ''], generation: number('g'), sequence: number('n'), priority: number('p'),
    policy: { maxAttempts: number('ma'), maxLosses: number('ml'), ttlMs: number('tt') }, attempts: number('a'), refunds: number('rf'), losses: number('lo'),
    options: body.o ?? {}, inputs: body.i ?? [], inputFolder: folder('fi'), claim: claimOf(fields), cancelRequested: fields['cr'] === '1', progress: number('pg', plainSuccess ? 1 : 0), phase: fields['ph'] ?? (plainSuccess ? 'completed' : null),
    ...('o' in result ? { output: result.o } : {}), artifacts: result.a ?? [], outputFolder: folder('fo'), error: result.e ?? null, deadLetter: text('dl'),
    history: (result.h ?? []).map((note, index, notes) => readNote(note, createdAt ?? NaN, index === notes.length - 1 ? noteEnd : null)), correlationId: text('ci'),
    usage: fields['ui'] === undefined ? null : { wallMs: number('uw'), waitingMs: number('ui'), cpuMs: number('uc'), peakRssBytes: number('um'), sampled: true },
    createdAt, queuedAt: number('q') ?? createdAt, startedAt: number('s'), updatedAt: number('u'), retryAt: number('ra'), endedAt, expiresAt, takeToken: text('tx'),
  };
}

function claimOf(fields: Readonly<Record<string, string>>): unknown {
  if (fields['tk'] === undefined) return null;
  return { token: fields['tk'], owner: joinText(fields, 'ow', null), claimedAt: Number(fields['ca']), leaseUntil: Number(fields['lu']) };
}

function readNote(note: readonly unknown[], createdAt: number, lastEnd: number | null): unknown {
  const [owner, started, lasted, ended, error = null, logTail = []] = note;
  const startedAt = createdAt + Number(started);
  return { owner, startedAt, endedAt: lastEnd ?? startedAt + Number(lasted), ended: endOf[String(ended)], error, logTail };
}

function parse(text: string): unknown {
  return text === '' ? {} : JSON.parse(text);
}
