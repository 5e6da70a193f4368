import { spawn } from 'node:child_process';
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
