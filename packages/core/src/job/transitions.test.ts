import { expect, test } from 'vitest';
import { destination, hasEnded, isLegalMove, jobStates, moves, type JobPlace, type Move } from '@media-jobs/core';

const places: readonly JobPlace[] = ['absent', ...jobStates, 'gone'];
const names = Object.keys(moves) as Move[];

/** Written down once more, by state, so that a change of the table is a decision. */
const expected: Readonly<Record<JobPlace, Readonly<Partial<Record<Move, JobPlace>>>>> = {
  absent: { create: 'queued' },
  queued: { claim: 'running', cancel: 'cancelled' },
  running: { beat: 'running', complete: 'completed', retry: 'retrying', fail: 'failed', cancel: 'cancelled', 'request-cancel': 'running', release: 'queued', lapse: 'queued', bury: 'failed' },
  retrying: { wake: 'queued', cancel: 'cancelled' },
  completed: { restart: 'queued', expire: 'expiring' },
  failed: { restart: 'queued', expire: 'expiring', redrive: 'queued' },
  cancelled: { restart: 'queued', expire: 'expiring' },
  expiring: { restart: 'queued', expire: 'expiring', purge: 'gone' },
  gone: {},
};

test('from every place exactly these moves lead, and there', () => {
  const found = Object.fromEntries(places.map((place) => [place, Object.fromEntries(names.filter((move) => isLegalMove(place, move)).map((move) => [move, destination(place, move)]))]));
  expect(found).toEqual(expected);
});

test('every other move is refused with its name, what it needs and what it met', () => {
  for (const place of places) {
    for (const move of names.filter((name) => expected[place][name] === undefined)) {
      expect(() => destination(place, move)).toThrow(expect.objectContaining({ code: 'ILLEGAL_MOVE', message: expect.stringContaining(`\`${move}\`, got one that is ${place}.`), facts: { move, from: place } }));
    }
  }
});

test('every job can come to an end, and from every end to nothing', () => {
  const reach = (from: JobPlace, seen = new Set<JobPlace>()): ReadonlySet<JobPlace> => {
    for (const to of Object.values(expected[from])) {
      if (seen.has(to)) continue;
      seen.add(to);
      reach(to, seen);
    }
    return seen;
  };
  for (const state of jobStates) expect(reach(state)).toContain('gone');
  expect(jobStates.filter(hasEnded)).toEqual(['completed', 'failed', 'cancelled']);
});
