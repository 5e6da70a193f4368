import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import { createEverything } from './schema.ts';
import { sql } from './sql.ts';

const database = new DatabaseSync(':memory:');
database.exec(createEverything);
afterAll(() => database.close());

function plan(text: string): string[] {
  return database.prepare(`EXPLAIN QUERY PLAN ${text}`).all().map((step) => String(step['detail']));
}

/** These never grow with the number of jobs; `epochs` is read from its end, one row. */
const small = ['SCAN epochs', 'SCAN set_aside'];

/** What would grow with the number of jobs. `SCAN (subquery …)` and `SCAN CONSTANT ROW` walk through what was found already. */
const isWalk = (step: string): boolean => /^SCAN (?!\(|CONSTANT ROW)/.test(step) && !small.includes(step);

const statements = Object.entries(sql).filter(([, text]) => !text.startsWith('PRAGMA'));

test.each(statements)('%s walks through no table', (_name, text) => {
  expect(plan(text).filter(isWalk)).toEqual([]);
});

/** Those that bring rows in an order: each must find them in the order of an index, or it would sort all that it finds. */
const ordered = statements.filter(([name, text]) => text.includes('ORDER BY') && name !== 'expired');

test.each(ordered)('%s sorts nothing', (_name, text) => {
  expect(plan(text).filter((step) => step.includes('TEMP B-TREE'))).toEqual([]);
});

test('expired takes from four stretches of one index, and sorts no more than it was asked for', () => {
  const steps = plan(sql.expired);
  expect(steps.filter((step) => step.startsWith('SEARCH jobs USING INDEX jobs_due (era=? AND state=? AND due_at<?)'))).toHaveLength(4);
});

test.each([
  ['find', 'SEARCH jobs USING INDEX jobs_by_id (id=? AND era=?)'],
  ['inLine', 'SEARCH jobs USING INDEX jobs_in_line (era=? AND operation=?)'],
  ['lapsed', 'SEARCH jobs USING INDEX jobs_due (era=? AND state=? AND due_at<?)'],
  ['wakeable', 'SEARCH jobs USING INDEX jobs_due (era=? AND state=? AND due_at<?)'],
  ['standing', 'SEARCH jobs USING INDEX jobs_due (era=? AND state=? AND due_at<?)'],
  ['newest', 'SEARCH jobs USING COVERING INDEX jobs_newest (era=? AND operation=? AND state=? AND dead_letter=? AND (created_at,id)<(?,?))'],
  ['newestOfNamespace', 'SEARCH jobs USING INDEX jobs_newest_of_namespace (era=? AND namespace=? AND state=? AND (created_at,id)<(?,?))'],
  ['longest', 'SEARCH jobs USING COVERING INDEX jobs_longest (era=? AND operation=?)'],
  ['oldestWaiting', 'SEARCH jobs USING COVERING INDEX jobs_due (era=? AND state=?)'],
  ['removeOlder', 'SEARCH jobs USING COVERING INDEX jobs_due (era<?)'],
] as const)('%s uses the index that was made for it', (name, step) => {
  expect(plan(sql[name])).toContain(step);
});
