import { checkPageLimit, comparePlaces, decodeCursor, encodeCursor, jobStates, type JobFilter, type JobPage, type JobRecord, type PagePlace, type PageRequest } from '@media-jobs/core';
import type { Era } from './eras.ts';
import { fullId, indexedStates, type EraKeys } from './keys.ts';
import type { Records } from './records.ts';
import type { ScriptRunner } from './script-runner.ts';

/** Places that are fetched from an index at a time. */
const step = 200;

/** See `JobStore.list`. Two trips for each 200 records that it must look at; completed jobs have no index by state. */
export async function list(records: Records, runner: ScriptRunner, filter: JobFilter, page: PageRequest): Promise<JobPage> {
  checkPageLimit(page.limit);
  const from = page.cursor === undefined ? null : decodeCursor(page.cursor);
  const era = await records.eras.refresh();
  const wanted = [...new Set(filter.states ?? jobStates)];
  if (wanted.length === 0) return { jobs: [] };
  const jobs: JobRecord[] = [];
  for await (const record of walk(records, runner, era, indexesFor(era.keys, wanted), from, Math.max(step, page.limit + 1))) {
    if (!passes(record, filter)) continue;
    const last = jobs.at(-1);
    if (jobs.length === page.limit && last !== undefined) return { jobs, cursor: encodeCursor(last) };
    jobs.push(record);
  }
  return { jobs };
}

function passes(record: JobRecord, { states, operation, namespace, deadLetter }: JobFilter): boolean {
  return (states === undefined || states.includes(record.state)) && (operation === undefined || operation === record.operation)
    && (namespace === undefined || namespace === record.namespace) && (deadLetter === undefined || deadLetter === (record.deadLetter !== null));
}

function indexesFor(keys: EraKeys, states: NonNullable<JobFilter['states']>): readonly string[] {
  if (states.includes('completed')) return [keys.all];
  return indexedStates.filter((state) => states.includes(state)).map((state) => keys.inState(state));
}

/** Records newest first, from the one after `from` on, merged from several indexes. */
async function* walk(records: Records, runner: ScriptRunner, era: Era, indexes: readonly string[], from: PagePlace | null, size: number): AsyncGenerator<JobRecord> {
  for (let place = from; ;) {
    const lists = await Promise.all(indexes.map((index) => placesAfter(runner, index, place, size)));
    const merged = lists.flat().sort((left, right) => comparePlaces(right, left)).slice(0, size);
    const last = merged.at(-1);
    if (last === undefined) return;
    const found = await records.read(era, merged.map(({ id }) => id));
    for (const { record } of found ?? []) if (record !== null) yield record;
    place = last;
  }
}

/** Places of one index, newest first, after this one. Those of one millisecond stand in the order of their ids. */
async function placesAfter(runner: ScriptRunner, index: string, place: PagePlace | null, size: number): Promise<PagePlace[]> {
  const most = place === null ? '+inf' : String(place.createdAt);
  for (let skip = 0, found: PagePlace[] = []; ; skip += size) {
    const flat = await runner.command('list', (client) => client.zrange(index, most, '-inf', 'BYSCORE', 'REV', 'LIMIT', skip, size, 'WITHSCORES'));
    for (let at = 0; at + 1 < flat.length; at += 2) found.push({ id: fullId(flat[at] ?? ''), createdAt: Number(flat[at + 1]) });
    found = found.filter((each) => place === null || comparePlaces(each, place) < 0);
    if (found.length > 0 || flat.length < size * 2) return found;
  }
}
