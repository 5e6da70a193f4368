import { afterAll, expect, test } from 'vitest';
import { fail, heldOperation, say } from '../testing/sample-operations.ts';
import { leftFolders, openService, type OpenService } from '../testing/open-service.ts';

interface Job { readonly id: string; readonly status: string; readonly generation: number }
interface Page { readonly jobs: readonly Job[]; readonly cursor?: string }

const submit = async (service: OpenService, operation: string, text: string): Promise<string> => ((await (await service.post(`/jobs?operation=${operation}`, { text })).json()) as Job).id;
const json = async <Body>(response: Response): Promise<Body> => (await response.json()) as Body;
const absent = `mj_${'a'.repeat(26)}`;

afterAll(() => expect(leftFolders()).toEqual([]));

test('jobs are listed newest first, page by page, and by status and operation', async () => {
  await using service = await openService({ operations: [say, fail] });
  const ids: string[] = [];
  for (const text of ['a', 'b', 'c']) ids.unshift(await submit(service, 'say', text));
  const failed = await submit(service, 'fail', 'a');
  for (const id of [...ids, failed]) await service.get(`/jobs/${id}/wait`);
  const first = await json<Page>(await service.get('/jobs?limit=2&operation=say'));
  const second = await json<Page>(await service.get(`/jobs?limit=2&operation=say&cursor=${first.cursor}`));
  expect([...first.jobs, ...second.jobs].map(({ id }) => id)).toEqual(ids);
  expect([first.jobs.length, second.cursor]).toEqual([2, undefined]);
  expect((await json<Page>(await service.get('/jobs?status=failed'))).jobs.map(({ id }) => id)).toEqual([failed]);
  expect((await json<Page>(await service.get('/jobs'))).jobs).toHaveLength(4);
});

test('waiting answers at the end of the job, and with the job as it is when the time is over', async () => {
  const held = heldOperation();
  await using service = await openService({ operations: [held.operation] });
  const id = await submit(service, 'held', 'a');
  await held.running('a');
  expect(await json<Job>(await service.get(`/jobs/${id}/wait?timeoutSeconds=0`))).toMatchObject({ status: 'running' });
  const waiting = service.get(`/jobs/${id}/wait?timeoutSeconds=60`);
  held.release('a');
  expect(await json<Job>(await waiting)).toMatchObject({ status: 'completed' });
});

test('a waiting job is cancelled at once, a running one is stopped, an ended one is left', async () => {
  const held = heldOperation({ concurrency: 1 });
  await using service = await openService({ operations: [held.operation] });
  const running = await submit(service, 'held', 'a');
  await held.running('a');
  const waiting = await submit(service, 'held', 'b');
  const cancelled = await service.post(`/jobs/${waiting}/cancel`);
  expect([cancelled.status, await json<Job>(cancelled)]).toMatchObject([200, { status: 'cancelled' }]);
  expect((await service.post(`/jobs/${running}/cancel`)).status).toBe(202);
  expect(await json<Job>(await service.get(`/jobs/${running}/wait`))).toMatchObject({ status: 'cancelled' });
  const again = await service.post(`/jobs/${running}/cancel`);
  expect([again.status, await again.json()]).toMatchObject([409, { code: 'ILLEGAL_MOVE', facts: { state: 'cancelled' } }]);
});

test('deleting an ended job deletes its record and its files; a running one only when it is forced', async () => {
  const held = heldOperation();
  await using service = await openService({ operations: [held.operation, say] });
  const ended = await submit(service, 'say', 'a');
  await service.get(`/jobs/${ended}/wait`);
  expect((await service.get(`/jobs/${ended}`, { method: 'DELETE' })).status).toBe(204);
  expect((await service.get(`/jobs/${ended}`)).status).toBe(404);
  expect((await service.get(`/jobs/${ended}`, { method: 'DELETE' })).status).toBe(404);
  const running = await submit(service, 'held', 'a');
  await held.running('a');
  expect((await service.get(`/jobs/${running}`, { method: 'DELETE' })).status).toBe(409);
  expect((await service.get(`/jobs/${running}?force=true`, { method: 'DELETE' })).status).toBe(204);
  expect((await service.get(`/jobs/${running}`)).status).toBe(404);
  expect((await service.jobs.list()).jobs).toEqual([]);
  expect(service.files()).toEqual([]);
});

test('a failed job is put in line again, any other is not', async () => {
  await using service = await openService({ operations: [fail, say] });
  const failed = await submit(service, 'fail', 'a');
  await service.get(`/jobs/${failed}/wait`);
  const retried = await service.post(`/jobs/${failed}/retry`);
  expect([retried.status, await json<Job>(retried)]).toMatchObject([202, { generation: 2 }]);
  const good = await submit(service, 'say', 'a');
  await service.get(`/jobs/${good}/wait`);
  expect((await service.post(`/jobs/${good}/retry`)).status).toBe(409);
});

test('an id that never was is 404, for every route, and never "queued"', async () => {
  await using service = await openService({ operations: [say] });
  for (const path of ['', '/wait', '/events', '/download', '/files/a']) expect(await json(await service.get(`/jobs/${absent}${path}`))).toMatchObject({ code: 'JOB_NOT_FOUND', status: 404 });
  for (const path of ['/cancel', '/retry']) expect((await service.post(`/jobs/${absent}${path}`)).status).toBe(404);
  expect((await service.get(`/jobs/${absent}`, { method: 'DELETE' })).status).toBe(404);
});

test('a job whose time to live is over is 410, before and after its files are deleted', async () => {
  await using service = await openService({ operations: [say], jobs: { ttlHours: 2 / 3_600 } });
  const id = await submit(service, 'say', 'a');
  await service.get(`/jobs/${id}/wait`);
  await expect.poll(async () => (await service.get(`/jobs/${id}`)).status, { interval: 20, timeout: 10_000 }).toBe(410);
  await service.jobs.sweep();
  expect(await json(await service.get(`/jobs/${id}/download`))).toMatchObject({ code: 'JOB_EXPIRED', status: 410 });
  expect((await service.jobs.list()).jobs).toEqual([]);
});

test('a status says how the work went on, also over several attempts', async () => {
  await using service = await openService({ operations: [fail] });
  const id = await submit(service, 'fail', 'a');
  const job = await json<Record<string, unknown>>(await service.get(`/jobs/${id}/wait`));
  expect(job).toMatchObject({ status: 'failed', attempts: 1, deadLetter: 'attempts-used-up', error: { code: 'UNKNOWN', detail: 'It cannot.', retryable: true }, usage: { sampled: true } });
  expect(Date.parse(String(job['endedAt']))).toBeGreaterThanOrEqual(Date.parse(String(job['startedAt'])));
});
