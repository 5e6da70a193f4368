import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openAsBlob, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startRedis, type TestRedis } from '../packages/redis-store/src/testing/redis-server.ts';
import { processesOf, untilEmpty } from './command/leftovers.ts';
import { compileCache } from './command/make-jobs.ts';
import { fixtureModel, startCommand, talk, type RunningCommand } from './command/run-command.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'media-jobs-redis-workers-'));
const workFolder = join(folder, 'work');
const { words } = (JSON.parse(readFileSync(join(root, 'fixtures/expected.json'), 'utf8')) as { 'talk.mp4': { words: string[] } })['talk.mp4'];
const workers: RunningCommand[] = [];
let redis: TestRedis;
let server: ReturnType<typeof spawn>;
let url = '';

beforeAll(async () => {
  redis = await startRedis();
  const environment = { ...compileCache, REDIS_URL: redis.url, MEDIA_JOBS_MODEL: fixtureModel };
  for (const operation of ['prepare-speech', 'transcribe']) workers.push(startCommand(['worker', '--redis', 'env', '--work-folder', workFolder, '--operations', operation, '--drain', '0'], { environment }));
  server = spawn(process.execPath, ['--conditions=@media-jobs/source', join(root, 'examples/redis-workers/redis-workers.ts'), '0'], { cwd: root, env: { ...process.env, ...environment, MEDIA_JOBS_WORK_FOLDER: workFolder }, stdio: ['ignore', 'inherit', 'pipe'] });
  let text = '';
  for await (const chunk of server.stderr ?? []) {
    text += String(chunk);
    url = /Listening on (\S+)/.exec(text)?.[1] ?? '';
    if (url !== '') break;
  }
  if (url === '') throw new Error(text);
});

afterAll(async () => {
  const pids = [server.pid ?? 0, ...workers.map(({ child }) => child.pid ?? 0)];
  for (const { child } of workers) if (child.exitCode === null) child.kill('SIGKILL');
  if (server.exitCode === null) server.kill('SIGKILL');
  await redis[Symbol.asyncDispose]();
  expect(await untilEmpty(() => pids.flatMap(processesOf))).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

async function submit(operation: string): Promise<{ readonly status: string; readonly result: { readonly text?: string } }> {
  const form = new FormData();
  form.set('file', await openAsBlob(talk), 'talk.mp4');
  const { id } = (await (await fetch(`${url}/jobs?operation=${operation}`, { method: 'POST', body: form })).json()) as { readonly id: string };
  return (await (await fetch(`${url}/jobs/${id}/wait?timeoutSeconds=60`)).json()) as Awaited<ReturnType<typeof submit>>;
}

test('one server hands the real operations to workers of two kinds, and the board of others shows their queues', async () => {
  const [prepared, transcribed] = await Promise.all([submit('prepare-speech'), submit('transcribe')]);
  expect(prepared).toMatchObject({ status: 'completed' });
  expect(transcribed).toMatchObject({ status: 'completed' });
  expect(JSON.stringify(transcribed)).toContain(words.join(' '));
  expect((await fetch(`${url}/board`)).status).toBe(200);
  const completed = async (): Promise<unknown> => {
    const { queues } = (await (await fetch(`${url}/board/api/queues`)).json()) as { readonly queues: readonly { readonly name: string; readonly counts: Readonly<Record<string, number>> }[] };
    return queues.map(({ name, counts }) => `${name} ${counts['completed']}`).sort();
  };
  await expect.poll(completed).toEqual(['prepare-speech 1', 'transcribe 1']);
});

test('server and workers end in order when they are told to', async () => {
  server.kill('SIGTERM');
  for (const { child } of workers) child.kill('SIGTERM');
  if (server.exitCode === null) await once(server, 'exit');
  expect(server.exitCode).toBe(0);
  expect((await Promise.all(workers.map(({ ended }) => ended))).map(({ exitCode }) => exitCode)).toEqual([0, 0]);
});
