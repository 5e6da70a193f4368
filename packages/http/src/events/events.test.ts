import { once } from 'node:events';
import { createMemoryStore } from '@media-jobs/core';
import { afterAll, expect, test } from 'vitest';
import { fail, heldOperation, say } from '../testing/sample-operations.ts';
import { leftFolders, openService, type OpenService } from '../testing/open-service.ts';
import { readEvents, type SeenEvent } from '../testing/read-events.ts';
import { eventId, parseEventId } from './event-place.ts';

const submit = async (service: OpenService, operation: string, text: string): Promise<string> => ((await (await service.post(`/jobs?operation=${operation}`, { text })).json()) as { id: string }).id;
const all = async (response: Response): Promise<readonly SeenEvent[]> => Array.fromAsync(readEvents(response));

afterAll(() => expect(leftFolders()).toEqual([]));

test('a job is followed from where it stands to its end, with progress that never falls', async () => {
  const held = heldOperation();
  await using service = await openService({ operations: [held.operation] });
  const id = await submit(service, 'held', 'a');
  const attempt = await held.running('a');
  const response = await service.get(`/jobs/${id}/events`);
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(response.headers.get('x-correlation-id')).toMatch(/./);
  const events = readEvents(response);
  const seen: SeenEvent[] = [];
  for await (const event of events) {
    seen.push(event);
    if (event.event === 'progress' && event.data['progress'] === 0) {
      attempt.report({ ratio: 0.25, phase: 'decode' });
      attempt.share({ text: 'hello' });
    }
    if (event.data['progress'] === 0.25) held.release('a');
  }
  expect(seen.map(({ event }) => event)).toEqual(expect.arrayContaining(['progress', 'parts', 'end']));
  const ratios = seen.filter(({ event }) => event === 'progress').map(({ data }) => data['progress'] as number);
  expect(ratios).toEqual(ratios.toSorted((left, right) => left - right));
  expect(seen.find(({ event }) => event === 'parts')?.data).toMatchObject({ parts: [{ text: 'hello' }] });
  expect(seen.at(-1)).toMatchObject({ event: 'end', data: { id, status: 'completed', output: 'a' } });
});

test('a client that comes back gets what it has not seen, and nothing twice', async () => {
  const held = heldOperation();
  await using service = await openService({ operations: [held.operation] });
  const id = await submit(service, 'held', 'a');
  const attempt = await held.running('a');
  attempt.report({ ratio: 0.5, phase: 'decode' });
  const cut = new AbortController();
  let last: SeenEvent | undefined;
  const first = await service.get(`/jobs/${id}/events`, { signal: cut.signal });
  for await (const event of readEvents(first)) {
    last = event;
    if (event.data['progress'] === 0.5) break;
  }
  cut.abort();
  const again = await service.get(`/jobs/${id}/events`, { headers: { 'last-event-id': last?.id ?? '' } });
  held.release('a');
  const seen = await all(again);
  expect(seen.filter(({ event, data }) => event === 'progress' && (data['progress'] as number) <= 0.5)).toEqual([]);
  expect(seen.at(-1)).toMatchObject({ event: 'end', data: { status: 'completed' } });
  const done = await service.get(`/jobs/${id}/events`, { headers: { 'last-event-id': seen.at(-1)?.id ?? '' } });
  expect([done.status, await done.text()]).toEqual([204, '']);
});

test('an id that is none of ours begins anew', async () => {
  await using service = await openService({ operations: [say] });
  const id = await submit(service, 'say', 'a');
  for (const odd of ['7', '1.running.x.y', '1.running.1.%E0%A4%A', 'x'.repeat(400)]) {
    expect((await all(await service.get(`/jobs/${id}/events`, { headers: { 'last-event-id': odd } }))).at(-1)).toMatchObject({ event: 'end' });
  }
});

test('a failed job ends its events with the error, and one that is deleted meanwhile says so', async () => {
  const held = heldOperation();
  await using service = await openService({ operations: [fail, held.operation], jobs: { store: createMemoryStore() } });
  const failed = await all(await service.get(`/jobs/${await submit(service, 'fail', 'a')}/events`));
  expect(failed.at(-1)).toMatchObject({ event: 'end', data: { status: 'failed', error: { detail: 'It cannot.' } } });
  const id = await submit(service, 'held', 'b');
  await held.running('b');
  const following = service.get(`/jobs/${id}/events`).then(all);
  await service.post('/admin/cleanup?deep=true');
  expect((await following).at(-1)).toMatchObject({ event: 'error', data: { code: 'EPOCH_PASSED', status: 409 } });
});

test('a hundred followers of one job all see its end, and hold nothing afterwards', async () => {
  const held = heldOperation();
  await using service = await openService({ operations: [held.operation] });
  const id = await submit(service, 'held', 'a');
  const responses = await Promise.all(Array.from({ length: 100 }, () => service.get(`/jobs/${id}/events`)));
  const streams = responses.map(all);
  held.release('a');
  for (const seen of await Promise.all(streams)) expect(seen.at(-1)?.event).toBe('end');
  // Of the connections, the one of the submit is left.
  await expect.poll(() => new Promise<number>((resolve) => service.app.server.getConnections((_error, count) => resolve(count)))).toBeLessThanOrEqual(1);
});

test('when the service closes, those who wait and follow are let go at once', async () => {
  const held = heldOperation();
  const service = await openService({ operations: [held.operation] });
  const id = await submit(service, 'held', 'a');
  await held.running('a');
  const response = await service.get(`/jobs/${id}/events`);
  const following = all(response);
  const arrived = once(service.app.server, 'request');
  const waiting = service.get(`/jobs/${id}/wait?timeoutSeconds=300`);
  await arrived;
  const began = performance.now();
  await service[Symbol.asyncDispose]();
  expect(performance.now() - began).toBeLessThan(5_000);
  expect((await following).map(({ event }) => event)).not.toContain('end');
  expect(((await (await waiting).json()) as { status: string }).status).toBe('running');
});

test('an id of an event holds all that its follower has seen', () => {
  const place = { generation: 3, state: 'running', progress: 0.123456, phase: 'dé. code' } as const;
  expect(parseEventId(eventId(place))).toEqual(place);
});
