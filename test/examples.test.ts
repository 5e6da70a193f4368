import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { leftBesidesResults } from './command/leftovers.ts';
import { fixtureModel, talk } from './command/run-command.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'media-jobs-examples-'));
const { words } = (JSON.parse(readFileSync(join(root, 'fixtures/expected.json'), 'utf8')) as { 'talk.mp4': { words: string[] } })['talk.mp4'];

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function runExample(name: string, line: readonly string[]): Promise<{ readonly exitCode: number | null; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--conditions=@media-jobs/source', join(root, 'examples', name, `${name}.ts`), ...line], { cwd: folder });
    const held = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (held.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (held.stderr += text));
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, ...held }));
  });
}

test('transcribe-file prints the words of a film, ends by itself, and is answered from the cache the second time', async () => {
  copyFileSync(talk, join(folder, 'talk.mp4'));
  const first = await runExample('transcribe-file', ['talk.mp4', fixtureModel]);
  expect({ exitCode: first.exitCode, words: first.stdout.trim().split(/\s+/) }).toEqual({ exitCode: 0, words });
  expect(first.stderr).toContain('transcribe 100 %');
  const second = await runExample('transcribe-file', ['talk.mp4', fixtureModel]);
  expect({ exitCode: second.exitCode, stdout: second.stdout }).toEqual({ exitCode: 0, stdout: first.stdout });
  expect(second.stderr).not.toContain('prepare');
  expect(readdirSync(folder).sort()).toEqual(['talk.mp4', 'work']);
  expect(leftBesidesResults(join(folder, 'work'))).toEqual([]);
}, 120_000);

test('embed-in-express answers on a route of its own and as a whole service below a path, and ends in order', async () => {
  const child = spawn(process.execPath, ['--conditions=@media-jobs/source', join(root, 'examples/embed-in-express/embed-in-express.ts'), fixtureModel], { cwd: folder, env: { ...process.env, PORT: '0' } });
  const [address] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  const url = address.trim();
  const spoken = await fetch(`${url}/words`, { method: 'POST', body: readFileSync(talk) });
  expect([spoken.status, (await spoken.text()).trim().split(/\s+/)]).toEqual([200, words]);
  const form = new FormData();
  form.set('file', new Blob([readFileSync(talk)]), 'talk.mp4');
  const submitted = (await (await fetch(`${url}/media/jobs`, { method: 'POST', body: form })).json()) as { cached: boolean; links: { self: string } };
  expect(submitted).toMatchObject({ cached: true, links: { self: expect.stringMatching(/^\/media\/jobs\/mj_/) } });
  expect((await fetch(`${url}${submitted.links.self}/files/transcript.srt`)).status).toBe(200);
  expect((await fetch(`${url}/media/`)).headers.get('content-type')).toBe('text/html; charset=utf-8');
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(leftBesidesResults(join(folder, 'work/express'))).toEqual([]);
}, 60_000);
