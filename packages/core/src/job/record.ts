import { jobRecordSchema, recordSchemaVersion, type JobRecord } from './job.ts';

/**
 * What stood in the store. `upgraded` says that the record was of an older version: write it back when it changes next.
 * `newer` is a record of a later release: set it aside as it is.
 */
export type ReadRecord =
  | { readonly kind: 'ok'; readonly record: JobRecord; readonly upgraded: boolean }
  | { readonly kind: 'corrupt'; readonly reason: string }
  | { readonly kind: 'newer'; readonly schemaVersion: number };

/** Turns a record of one version into one of the next. */
export type RecordUpgrade = (record: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;

/** `recordUpgrades[n]` turns version n into n + 1. Version 0 was never released: it is here to keep the chain in use. */
export const recordUpgrades: readonly RecordUpgrade[] = Object.freeze([
  (record: Readonly<Record<string, unknown>>) => ({ refunds: 0, history: [], ...record, schemaVersion: 1 }),
]);

/** Reads a record from its JSON text or from the value of one; never throws. */
export function readRecord(stored: unknown): ReadRecord {
  const value = typeof stored === 'string' ? parse(stored) : stored;
  if (!isObject(value)) return { kind: 'corrupt', reason: 'It is no JSON object.' };
  const version = value['schemaVersion'];
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 0) return { kind: 'corrupt', reason: 'It has no schema version.' };
  if (version > recordSchemaVersion) return { kind: 'newer', schemaVersion: version };
  const upgraded = recordUpgrades.slice(version).reduce<Readonly<Record<string, unknown>>>((record, upgrade) => upgrade(record), value);
  const parsed = jobRecordSchema.safeParse(upgraded);
  if (parsed.success) return { kind: 'ok', record: parsed.data, upgraded: version < recordSchemaVersion };
  const issue = parsed.error.issues[0];
  return { kind: 'corrupt', reason: `\`${issue?.path.join('.') ?? ''}\`: ${issue?.message ?? 'unknown'}` };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
