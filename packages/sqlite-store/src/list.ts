import { comparePlaces, decodeCursor, jobStates, type JobFilter, type JobState, type PagePlace, type PageRequest } from '@media-jobs/core';
import type { Row } from './records.ts';
import type { Scope } from './scope.ts';
import { sql } from './sql.ts';
import type { Statements } from './statements.ts';

/** Before every record: where the first page begins. Ids are lower case. */
const start: PagePlace = { createdAt: Number.MAX_SAFE_INTEGER, id: '~' };

/** A row's place in a list. */
interface PlacedRow extends PagePlace {
  readonly number: number;
}

/**
 * The rows of one page, newest first, and one more if there is one. Each kind of job (operation, state, dead letter or
 * not) has a stretch of the index in this order; the page is merged from those that the filter wants, so that its cost
 * grows with the page and not with what is stored.
 */
export function pageRows({ statements, era }: Scope, filter: JobFilter, { limit, cursor }: PageRequest): readonly Row[] {
  const { createdAt, id } = cursor === undefined ? start : decodeCursor(cursor);
  const { namespace, operation, deadLetter } = filter;
  const stretches = namespace === undefined || namespace === ''
    ? kindsOf(statements, era, filter).map((kind) =>
        statements.all(namespace === undefined ? sql.newest : sql.newestOfNoNamespace, era, kind.operation, kind.state, kind.deadLetter, createdAt, id, limit + 1))
    : [...new Set(filter.states ?? jobStates)].map((state) =>
        statements.all(sql.newestOfNamespace, era, namespace, state, createdAt, id, operation ?? null, deadLetter === undefined ? null : Number(deadLetter), limit + 1));
  const placed = (stretches.flat() as PlacedRow[]).sort((left, right) => comparePlaces(right, left)).slice(0, limit + 1);
  return placed.map(({ number }) => statements.get(sql.findByNumber, number) as Row);
}

interface Kind {
  readonly operation: string;
  readonly state: JobState;
  readonly deadLetter: number;
}

function kindsOf(statements: Statements, era: number, { states, operation, deadLetter }: JobFilter): readonly Kind[] {
  return (statements.all(sql.kinds, era) as Kind[]).filter((kind) => (states === undefined || states.includes(kind.state))
    && (operation === undefined || operation === kind.operation) && (deadLetter === undefined || deadLetter === (kind.deadLetter === 1)));
}
