import { MediaJobError } from '@media-jobs/foundation';
import { collectLogs, createFakeClock } from '@media-jobs/core/testing';
import { expect, test } from 'vitest';
import type { Heartbeat, HeartbeatReply } from '../ports/store-messages.ts';
import { createHeartbeats, type BeatingClaim } from './heartbeat.ts';

function setUp(reply: (beat: Heartbeat) => HeartbeatReply = () => 'ok') {
  const clock = createFakeClock();
  const logger = collectLogs();
  const trips: { readonly at: number; readonly beats: readonly Heartbeat[] }[] = [];
  const state = { away: false };
  const heartbeats = createHeartbeats({
    clock, logger, heartbeatMs: 10_000, leaseMs: 30_000,
    store: {
      heartbeat: async (beats) => {
        trips.push({ at: clock.monotonic(), beats });
        if (state.away) throw new MediaJobError('STORE_UNAVAILABLE', { message: 'away' });
        return beats.map(reply);
      },
    },
  });
  const heard: string[] = [];
  const claim = (id: string): BeatingClaim & { ratio: number } => {
    const made = { key: { id, token: `t-${id}` }, ratio: 0, progress: () => ({ ratio: made.ratio, phase: 'p' }), onLost: () => void heard.push(`${id} lost`), onCancel: () => void heard.push(`${id} cancel`) };
    return made;
  };
  return { clock, logger, trips, state, heartbeats, heard, claim };
}

test('all claims beat in one trip, and there is no timer while there is none', async () => {
  const { clock, trips, heartbeats, claim } = setUp();
  expect(clock.pending).toBe(0);
  const claims = ['a', 'b', 'c'].map(claim);
  for (const one of claims) heartbeats.add(one);
  await clock.advance(30_000);
  expect(trips.map(({ at, beats }) => [at, beats.length])).toEqual([[10_000, 3], [20_000, 3], [30_000, 3]]);
  for (const one of claims) heartbeats.remove(one);
  expect(clock.pending).toBe(0);
});

test('lost and cancel reach the claim that they are meant for, and no claim that was handed back meanwhile', async () => {
  const replies: Record<string, HeartbeatReply> = { a: 'lost', b: 'cancel', c: 'ok' };
  const { clock, heartbeats, heard, claim } = setUp(({ id }) => replies[id] ?? 'lost');
  const claims = ['a', 'b', 'c'].map(claim);
  for (const one of claims) heartbeats.add(one);
  const gone = claim('gone');
  heartbeats.add(gone);
  heartbeats.remove(gone);
  await clock.advance(10_000);
  expect(heard).toEqual(['a lost', 'b cancel']);
});

test('progress of all claims reaches the store in one trip, at most once a second', async () => {
  const { clock, trips, heartbeats, claim } = setUp();
  const [a, b] = [claim('a'), claim('b')];
  heartbeats.add(a);
  heartbeats.add(b);
  for (let index = 1; index <= 300; index += 1) {
    a.ratio = index / 300;
    heartbeats.soon(a);
    heartbeats.soon(b);
    await clock.advance(10);
  }
  expect(trips.map(({ at, beats }) => [at, beats.length])).toEqual([[0, 1], [1_000, 2], [2_000, 2], [3_000, 2]]);
});

test('a flush tells what waits to be told, and nothing twice', async () => {
  const { clock, trips, heartbeats, claim } = setUp();
  const a = claim('a');
  heartbeats.add(a);
  heartbeats.soon(a);
  a.ratio = 0.7;
  heartbeats.soon(a);
  await heartbeats.flush(a);
  await heartbeats.flush(a);
  await clock.advance(2_000);
  expect(trips.map(({ beats }) => beats[0]?.progress?.ratio)).toEqual([0, 0.7]);
});

test('a store that is away ends nothing, is reported once, and again when it is back', async () => {
  const { clock, logger, trips, state, heartbeats, heard, claim } = setUp();
  heartbeats.add(claim('a'));
  state.away = true;
  await clock.advance(30_000);
  state.away = false;
  await clock.advance(10_000);
  expect(trips).toHaveLength(4);
  expect(heard).toEqual([]);
  expect(logger.lines.map(({ level }) => level)).toEqual(['warn', 'info']);
});
