import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chooseEngine, type ChosenEngine } from './choose-engine.ts';
import { resolveOptions, type WhisperOptions } from './options.ts';
import { createFakeEngine } from './testing/fake-engine.ts';
import { testFolder } from './testing/test-folder.ts';

const folder = testFolder();

/** A program that says that it is this version of whisper-cli. */
function cliOf(version: string): string {
  const command = join(folder, `whisper-cli-${version}`);
  writeFileSync(command, `#!/bin/sh\necho 'whisper.cpp version: ${version}'\n`);
  chmodSync(command, 0o755);
  return command;
}

async function chosen(options: Partial<WhisperOptions>): Promise<readonly [name: string, reason: string]> {
  const { engine, reason }: ChosenEngine = await chooseEngine(resolveOptions({ model: '/model', ...options }));
  return [engine.name, reason];
}

test('where a whisper-cli runs it is taken, since it is the fastest, and the reason names it', async () => {
  const command = cliOf('1.9.1');
  expect(await chosen({ whisperCli: { command } })).toEqual(['whisper-cli', `whisper-cli 1.9.1, ${command} works here, and is the fastest.`]);
});

test.each([['none is there', () => join(folder, 'absent')], ['the one that is there is too old', () => cliOf('1.8.4')]])('where %s the addon is taken, and the reason says what would be faster and how to get it', async (_why, place) => {
  const [name, reason] = await chosen({ whisperCli: { command: place() } });
  expect([name, /would be faster/.test(reason), /media-jobs whisper build/.test(reason)]).toEqual(['addon-child', true, true]);
});

test('what is asked for is taken, whatever is there', async () => {
  expect(await chosen({ engine: 'addon-child' })).toEqual(['addon-child', 'It was asked for.']);
  expect(await chosen({ engine: 'whisper-cli', whisperCli: { command: join(folder, 'absent') } })).toEqual(['whisper-cli', 'It was asked for.']);
  expect(await chosen({ engine: createFakeEngine({ name: 'own' }) })).toEqual(['own', 'It was given.']);
  expect(await chosen({ variant: 'cuda' })).toEqual(['addon-child', "The variant 'cuda' is one of the addon."]);
});
