import { expect, test } from 'vitest';
import type { Invocation } from './command.ts';
import { settingsOf } from './settings.ts';

const typed = (options: Readonly<Record<string, string>> = {}): Invocation => ({ files: [], isSet: () => false, text: (name) => options[name] });

test.each([
  ['the option wins', { 'work-folder': '/a' }, { MEDIA_JOBS_WORK_FOLDER: '/b' }, '/a'],
  ['then the variable', {}, { MEDIA_JOBS_WORK_FOLDER: '/b', XDG_CACHE_HOME: '/cache' }, '/b'],
  ['then the place for caches', {}, { XDG_CACHE_HOME: '/cache', HOME: '/home/x' }, '/cache/media-jobs'],
  ['a relative place for caches counts as none', {}, { XDG_CACHE_HOME: 'cache', HOME: '/home/x' }, '/home/x/.cache/media-jobs'],
  ['then the home folder', {}, { HOME: '/home/x' }, '/home/x/.cache/media-jobs'],
])('work folder: %s', (_, options, environment, expected) => {
  expect(settingsOf(typed(options), environment).workFolder).toBe(expected);
});

test('the model is the option, else the variable, and an empty variable is none', () => {
  const environment = { HOME: '/home/x', MEDIA_JOBS_MODEL: '/from-variable.bin' };
  expect(settingsOf(typed({ model: '/from-option.bin' }), environment).model).toBe('/from-option.bin');
  expect(settingsOf(typed(), environment).model).toBe('/from-variable.bin');
  expect(settingsOf(typed(), { HOME: '/home/x', MEDIA_JOBS_MODEL: '' }).model).toBeUndefined();
});

test('time to live, largest input and programs come from the variables', () => {
  const { jobs, ffmpeg } = settingsOf(typed(), { HOME: '/home/x', CACHE_TTL_HOURS: '0.5', MAX_AUDIO_SIZE_MB: '1', FFMPEG_PATH: '/opt/ffmpeg', PATH: '/bin' });
  expect(jobs).toMatchObject({ environment: { ttlHours: 0.5 }, maxInputBytes: 1_048_576 });
  expect(ffmpeg).toEqual({ binaries: { ffmpeg: '/opt/ffmpeg' }, searchPath: '/bin' });
});

test('a malformed variable is refused by name, but Redis is no business of a command', () => {
  expect(() => settingsOf(typed(), { CACHE_TTL_HOURS: 'soon' })).toThrow('CACHE_TTL_HOURS');
  expect(() => settingsOf(typed(), { HOME: '/home/x', REDIS_URL: 'nonsense' })).not.toThrow();
});
