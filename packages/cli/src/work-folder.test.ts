import { expect, test } from 'vitest';
import type { Invocation } from './command.ts';
import { workFolderOf } from './work-folder.ts';

const given = (folder?: string): Invocation => ({ files: [], isSet: () => false, text: (name) => (name === 'work-folder' ? folder : undefined) });

test.each([
  ['the option wins', '/a', { XDG_CACHE_HOME: '/cache', HOME: '/home/x' }, '/a'],
  ['then the place for caches', undefined, { XDG_CACHE_HOME: '/cache', HOME: '/home/x' }, '/cache/media-jobs'],
  ['a relative place for caches counts as none', undefined, { XDG_CACHE_HOME: 'cache', HOME: '/home/x' }, '/home/x/.cache/media-jobs'],
  ['then the home folder', undefined, { HOME: '/home/x' }, '/home/x/.cache/media-jobs'],
])('%s', (_, option, environment, expected) => {
  expect(workFolderOf(given(option), environment)).toBe(expected);
});
