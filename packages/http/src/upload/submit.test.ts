import { createHash } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { copy, heldOperation, say } from '../testing/sample-operations.ts';
import { form, leftFolders, openService, type OpenService } from '../testing/open-service.ts';

interface Job { readonly id: string; readonly cached: boolean; readonly status: string; readonly options: unknown; readonly generation: number }

const submit = async (service: OpenService, path: string, body: FormData | object, init?: RequestInit): Promise<{ readonly status: number; readonly job: Job }> => {
  const response = await service.post(path, body, init);
  return { status: response.status, job: (await response.json()) as Job };
};

afterAll(() => expect(leftFolders()).toEqual([]));

test('fields of a form become what the operation takes: numbers, truths, choices, lists, texts', async () => {
  await using service = await openService({ operations: [copy] });
  const { job } = await submit(service, '/jobs', form('speech', { note: '42', times: '3', loud: 'YES', mode: 'b', gain: '-2.5', cuts: '[1, 2.5]' }));
  expect(job.options).toEqual({ note: '42', times: 3, loud: true, mode: 'b', gain: -2.5, cuts: [1, 2.5] });
  const other = await submit(service, '/jobs', form('speech', { gain: 'off', loud: '0' }));
  expect(other.job.options).toEqual({ times: 1, loud: false, mode: 'a', gain: false });
});

test('options may come before or after the file, and make no difference to the job', async () => {
  await using service = await openService({ operations: [copy] });
  const after = new FormData();
  after.set('file', new Blob(['speech']), 'a.wav');
  after.set('times', '2');
  const first = await submit(service, '/jobs', after);
  const second = await submit(service, '/jobs', form('speech', { times: '2' }, 'b.mp3'));
  expect(second.job.id).toBe(first.job.id);
});

test('another byte or another option is another job, whatever the file is called', async () => {
  await using service = await openService({ operations: [copy] });
  const bodies = [form('speech'), form('speecH'), form('speech', { loud: '1' })];
  const ids = await Promise.all(bodies.map(async (body) => (await submit(service, '/jobs', body)).job.id));
  expect(new Set(ids).size).toBe(3);
});

test('a job without files is submitted as JSON, and one of several operations is named in the query', async () => {
  await using service = await openService({ operations: [copy, say] });
  const { status, job } = await submit(service, '/jobs?operation=say', { text: 'hello' });
  expect([status, job.options]).toEqual([202, { text: 'hello' }]);
  expect(await (await service.get(`/jobs/${job.id}/wait`)).json()).toMatchObject({ status: 'completed', output: 'hello' });
  expect(await submit(service, '/jobs?operation=say', { text: 'hello' })).toMatchObject({ status: 200, job: { cached: true } });
  expect(await submit(service, '/jobs?operation=say&fresh=true', { text: 'hello' })).toMatchObject({ status: 202, job: { cached: false, generation: 2 } });
});

test('fifty submits of one identity at once are one job that runs once', async () => {
  const held = heldOperation();
  await using service = await openService({ operations: [held.operation, copy] });
  const answers = await Promise.all(Array.from({ length: 50 }, () => submit(service, '/jobs?operation=held', { text: 'same' })));
  expect(new Set(answers.map(({ job }) => job.id)).size).toBe(1);
  expect(answers.every(({ status }) => status === 202)).toBe(true);
  await held.running('same');
  held.release('same');
  expect(await (await service.get(`/jobs/${answers[0]?.job.id}/wait`)).json()).toMatchObject({ status: 'completed', generation: 1 });
});

test('two files of one form arrive each in its own field', async () => {
  await using service = await openService({ operations: [copy] });
  const body = form('speech');
  body.set('second', new Blob(['music']), 'music.wav');
  const { job } = await submit(service, '/jobs', body);
  const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
  expect(job).toMatchObject({ inputs: [{ field: 'file', sha256: digest('speech') }, { field: 'second', name: 'music.wav', sha256: digest('music') }] });
});

test.each([
  ['../../../etc/passwd', 'passwd'],
  ['C:\\Users\\me\\talk.wav', 'talk.wav'],
  ['a\u0007b.wav', 'ab.wav'],
  ['Grüße 日本.wav', 'Grüße 日本.wav'],
  [`${'x'.repeat(400)}.wav`, 'x'.repeat(255)],
])('the name %j is for people only: it is kept as %j, and names nothing on disk', async (name, shown) => {
  await using service = await openService({ operations: [copy], jobs: { worker: false } });
  const { job } = await submit(service, '/jobs', form('speech', {}, name));
  expect(job).toMatchObject({ inputs: [{ name: shown }] });
  expect(service.files().filter((path) => path.includes('/')).map((path) => path.split('/').at(-1))).toContain('input-0');
  expect(service.files().join()).not.toMatch(/wav|passwd/);
});

test('a correlation id goes in, onto the job and out again; one that is mischief is replaced', async () => {
  await using service = await openService({ operations: [say] });
  const given = await service.post('/jobs', { text: 'a' }, { headers: { 'x-correlation-id': 'order-17:b' } });
  expect(given.headers.get('x-correlation-id')).toBe('order-17:b');
  expect(await given.json()).toMatchObject({ correlationId: 'order-17:b' });
  await expect.poll(() => service.logs.lines.filter(({ fields }) => fields['correlationId'] === 'order-17:b').length).toBeGreaterThan(2);
  const odd = await service.post('/jobs', { text: 'b' }, { headers: { 'x-correlation-id': 'a b<script>' } });
  expect(odd.headers.get('x-correlation-id')).toMatch(/^[0-9a-f-]{36}$/);
});

test('jobs of one client are not there for another, who gets a job of its own for the same content', async () => {
  const clients = [{ name: 'ada', token: 'a'.repeat(20) }, { name: 'bob', token: 'b'.repeat(20) }];
  const adminToken = 'admin '.repeat(4).replaceAll(' ', '-');
  await using service = await openService({ operations: [say], http: { clients, adminToken } });
  const as = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } });
  const [ada, bob] = await Promise.all(clients.map(({ token }) => submit(service, '/jobs', { text: 'same' }, as(token))));
  expect(ada?.job.id).not.toBe(bob?.job.id);
  for (const path of ['', '/wait', '/events', '/files/a', '/download']) expect((await service.get(`/jobs/${ada?.job.id}${path}`, as('b'.repeat(20)))).status).toBe(404);
  expect((await service.post(`/jobs/${ada?.job.id}/cancel`, undefined, as('b'.repeat(20)))).status).toBe(404);
  expect(((await (await service.get('/jobs', as('b'.repeat(20)))).json()) as { jobs: Job[] }).jobs.map(({ id }) => id)).toEqual([bob?.job.id]);
  expect((await service.get('/jobs')).status).toBe(401);
  expect((await service.get('/jobs', as('c'.repeat(20)))).status).toBe(401);
  expect(((await (await service.get('/jobs', as(adminToken))).json()) as { jobs: Job[] }).jobs).toHaveLength(2);
});
