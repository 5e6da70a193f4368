import { MediaJobError } from '@media-jobs/foundation';
import type { JobRecord } from './job.ts';

/** The place of a record in a list: newest record first, then by id. It never changes while the record is kept. */
export interface PagePlace {
  readonly createdAt: number;
  readonly id: string;
}

/** The most records that one page may hold. */
export const maxPageLimit = 1_000;

/** Sorts places as they were created, oldest first; a list runs backwards. */
export function comparePlaces(left: PagePlace, right: PagePlace): number {
  return left.createdAt - right.createdAt || (left.id < right.id ? -1 : left.id > right.id ? 1 : 0);
}

/** The cursor of a page that ends with this record. Opaque to callers. */
export function encodeCursor(record: Pick<JobRecord, 'createdAt' | 'id'>): string {
  return Buffer.from(`${record.createdAt} ${record.id}`).toString('base64url');
}

/** The place that a cursor names. Throws `INVALID_OPTION` when it is none of ours. */
export function decodeCursor(cursor: string): PagePlace {
  const match = /^(\d{1,16}) (mj_[a-z2-7]{26})$/.exec(Buffer.from(cursor, 'base64url').toString());
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new MediaJobError('INVALID_OPTION', {
      message: `Expected \`cursor\` to be one that a page before brought, got ${JSON.stringify(cursor)}.`,
      advice: 'Leave it out to begin with the first page.',
    });
  }
  return { createdAt: Number(match[1]), id: match[2] };
}

/** Throws `INVALID_OPTION` unless the limit is a whole number of 1..1000. */
export function checkPageLimit(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= maxPageLimit) return;
  throw new MediaJobError('INVALID_OPTION', {
    message: `Expected \`limit\` to be a whole number of 1..${maxPageLimit}, got ${limit}.`,
    advice: 'Ask for the next page with the cursor of this one.',
  });
}
