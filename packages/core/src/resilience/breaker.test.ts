import { createFakeClock } from '@media-jobs/core/testing';
import { MediaJobError, type MediaJobErrorCode } from '@media-jobs/foundation';
import { expect, test } from 'vitest';
import { createBreaker, type Breaker, type BreakerOptions } from './breaker.ts';

const openMs = 60_000;
const error = (code: MediaJobErrorCode): MediaJobError => new MediaJobError(code, { message: 'x' });
const fails = (breaker: Breaker, thrown: unknown = error('TIMEOUT')): Promise<unknown> => breaker.run(() => Promise.reject(thrown as Error)).catch((caught: unknown) => caught);
const works = (breaker: Breaker): Promise<unknown> => breaker.run(() => Promise.resolve('answer')).catch((caught: unknown) => caught);

function setUp(options: Partial<BreakerOptions> = {}) {
  const clock = createFakeClock();
  const changes: string[] = [];
  return { clock, changes, breaker: createBreaker({ name: 'transcriber', clock, onChange: (from, to) => changes.push(`${from} to ${to}`), ...options }) };
}

async function opened(options: Partial<BreakerOptions> = {}) {
  const bench = setUp(options);
  for (let failure = 0; failure < 5; failure += 1) await fails(bench.breaker);
  return bench;
}

test('five failures in a row open it, and it then refuses without calling, telling when to try again', async () => {
  const { breaker, clock } = await opened();
  expect(breaker.state).toBe('open');
  await clock.advance(20_000);
  let called = false;
  const refused = breaker.run(() => Promise.resolve((called = true)));
  await expect(refused).rejects.toMatchObject({ code: 'CIRCUIT_OPEN', class: 'infrastructure', httpStatus: 503, retryAfterMs: 40_000, facts: { breaker: 'transcriber', failures: 5, retryAt: new Date(clock.now() + 40_000).toISOString() } });
  expect(called).toBe(false);
});

test('four failures do not open it, and one success starts the count anew', async () => {
  const { breaker } = setUp();
  for (let round = 0; round < 3; round += 1) {
    for (let failure = 0; failure < 4; failure += 1) await fails(breaker);
    expect(breaker).toMatchObject({ state: 'closed', failures: 4, retryAfterMs: 0 });
    expect(await works(breaker)).toBe('answer');
  }
});

test('after its time one call passes, and its success closes it', async () => {
  const { breaker, clock, changes } = await opened();
  await clock.advance(openMs - 1);
  expect(await works(breaker)).toMatchObject({ code: 'CIRCUIT_OPEN' });
  await clock.advance(1);
  expect(breaker.state).toBe('half-open');
  expect(await works(breaker)).toBe('answer');
  expect(breaker).toMatchObject({ state: 'closed', failures: 0 });
  expect(changes).toEqual(['closed to open', 'open to half-open', 'half-open to closed']);
});

test('a probe that fails opens it for the whole time again', async () => {
  const { breaker, clock } = await opened();
  await clock.advance(openMs);
  expect(await fails(breaker)).toMatchObject({ code: 'TIMEOUT' });
  expect(breaker).toMatchObject({ state: 'open', retryAfterMs: openMs });
});

test('half-open, one call passes at a time: of twenty at once nineteen are refused', async () => {
  const { breaker, clock } = await opened();
  await clock.advance(openMs);
  const answer = Promise.withResolvers<string>();
  const calls = Array.from({ length: 20 }, () => breaker.run(() => answer.promise).catch((caught: MediaJobError) => caught.code));
  answer.resolve('back');
  expect((await Promise.all(calls)).sort()).toEqual([...Array.from({ length: 19 }, () => 'CIRCUIT_OPEN'), 'back']);
  expect(breaker.state).toBe('closed');
});

test('a probe that never comes back keeps nobody out for ever, and when it comes all the same it says nothing', async () => {
  const { breaker, clock } = await opened();
  await clock.advance(openMs);
  const lost = Promise.withResolvers<string>();
  const probe = breaker.run(() => lost.promise);
  expect(await works(breaker)).toMatchObject({ code: 'CIRCUIT_OPEN', retryAfterMs: openMs });
  await clock.advance(openMs);
  expect(await fails(breaker)).toMatchObject({ code: 'TIMEOUT' });
  lost.resolve('late');
  await probe;
  expect(breaker.state).toBe('open');
});

test('calls that began before it opened count no more when they end', async () => {
  const { breaker, clock } = setUp();
  const slow = Array.from({ length: 9 }, () => Promise.withResolvers<string>());
  const ends = slow.map(({ promise }) => breaker.run(() => promise).catch(() => 'failed'));
  for (let failure = 0; failure < 5; failure += 1) await fails(breaker);
  await clock.advance(30_000);
  for (const { resolve } of slow.slice(0, 4)) resolve('late');
  for (const { reject } of slow.slice(4)) reject(error('TIMEOUT'));
  await Promise.all(ends);
  expect(breaker).toMatchObject({ state: 'open', failures: 5, retryAfterMs: 30_000 });
});

test.each(['INVALID_INPUT', 'JOB_NOT_FOUND', 'INPUT_TOO_LARGE', 'DOWNLOAD_REFUSED', 'INPUT_CHANGED', 'QUEUE_FULL', 'ABORTED', 'CANCELLED', 'INTERRUPTED', 'CIRCUIT_OPEN'] as const)('%s never counts', async (code) => {
  const { breaker } = setUp();
  for (let failure = 0; failure < 50; failure += 1) await fails(breaker, error(code));
  expect(breaker).toMatchObject({ state: 'closed', failures: 0 });
});

test('an abort by the caller never counts, and any other error of no known kind does', async () => {
  const { breaker } = setUp();
  for (let failure = 0; failure < 5; failure += 1) await fails(breaker, new DOMException('enough', 'AbortError'));
  expect(breaker.failures).toBe(0);
  for (let failure = 0; failure < 5; failure += 1) await fails(breaker, new TypeError('fetch failed'));
  expect(breaker.state).toBe('open');
});

test('a mistake of the caller does not close it, and does not keep the next from probing', async () => {
  const { breaker, clock } = await opened();
  await clock.advance(openMs);
  expect(await fails(breaker, error('INVALID_INPUT'))).toMatchObject({ code: 'INVALID_INPUT' });
  expect(breaker.state).toBe('half-open');
  expect(await works(breaker)).toBe('answer');
});

test('a health check passes while it is open, and neither its failures nor its successes count', async () => {
  const { breaker } = setUp();
  for (let failure = 0; failure < 50; failure += 1) await breaker.runUncounted(() => Promise.reject(error('TIMEOUT'))).catch(() => undefined);
  expect(breaker).toMatchObject({ state: 'closed', failures: 0 });
  for (let failure = 0; failure < 5; failure += 1) await fails(breaker);
  expect(await breaker.runUncounted(() => Promise.resolve('seen'))).toBe('seen');
  expect(breaker.state).toBe('open');
});

test('how many failures, how long, and what counts can be set; nonsense is refused', async () => {
  const { breaker, clock } = setUp({ maxFailures: 1, openMs: 10, isFailure: ({ code }) => code === 'QUEUE_FULL' });
  await fails(breaker);
  expect(breaker.state).toBe('closed');
  await fails(breaker, error('QUEUE_FULL'));
  expect(breaker.retryAfterMs).toBe(10);
  await clock.advance(10);
  expect(await works(breaker)).toBe('answer');
  expect(() => setUp({ maxFailures: 0 })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  expect(() => setUp({ openMs: Number.NaN })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
});
