import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineResult } from '@media-jobs/core';
import { collectLogs } from '@media-jobs/core/testing';
import { expect, test } from 'vitest';
import { testFolder } from '../testing/test-folder.ts';
import { createCheckpoints } from './checkpoints.ts';

const folder = testFolder();
const facts = { audio: 'abc', model: 'def', language: 'en' };
const result: EngineResult = { segments: [{ start: 0, end: 1, text: ' hello', words: [{ start: 0, end: 1, text: ' hello', probability: 0.5 }], noSpeechProbability: 0.1 }], language: 'en', languageProbability: 0.9, warnings: ['w'] };

test('a chunk is found again by all that its text depends on, and by nothing less', async () => {
  const logs = collectLogs();
  const checkpoints = createCheckpoints(folder, logs);
  expect(await checkpoints.find(facts)).toBeUndefined();
  await checkpoints.keep(facts, result);
  expect(await checkpoints.find({ language: 'en', model: 'def', audio: 'abc' })).toEqual(result);
  for (const name of Object.keys(facts)) expect(await checkpoints.find({ ...facts, [name]: 'other' })).toBeUndefined();
  expect(readdirSync(folder)).toHaveLength(1);
  expect(logs.lines).toEqual([]);
});

test.each([['cut off', (text: string) => text.slice(0, 40)], ['of another shape', () => '{"version":1}'], ['of another version', (text: string) => text.replace('"version":1', '"version":9')], ['of another chunk', (text: string) => text.replace(/"key":"./, '"key":"x')]])('one that is %s counts as none, and is written anew', async (_what, damage) => {
  const checkpoints = createCheckpoints(folder, collectLogs());
  await checkpoints.keep(facts, result);
  const file = join(folder, readdirSync(folder)[0] ?? '');
  writeFileSync(file, damage(readFileSync(file, 'utf8')));
  expect(await checkpoints.find(facts)).toBeUndefined();
  await checkpoints.keep(facts, result);
  expect(await checkpoints.find(facts)).toEqual(result);
});

test('one that cannot be written costs a line of the log, and no work', async () => {
  const logs = collectLogs();
  await createCheckpoints(join(folder, 'absent'), logs).keep(facts, result);
  expect(logs.lines).toMatchObject([{ level: 'warn' }]);
});
