import { expect, test } from 'vitest';
import { createWhisper, whisperDefaults, type WhisperOptions } from '@media-jobs/whisper';
import { resolveOptions } from './options.ts';

test('undefined never wins over a default', () => {
  const { keepAliveMs, beamSize, minSpeed, engine } = resolveOptions({ model: 'm', keepAliveMs: undefined, beamSize: undefined, engine: undefined } as unknown as WhisperOptions);
  expect({ keepAliveMs, beamSize, minSpeed }).toEqual({ keepAliveMs: whisperDefaults.keepAliveMs, beamSize: whisperDefaults.beamSize, minSpeed: whisperDefaults.minSpeed });
  expect(engine).toBe('auto');
});

test('an engine of the caller is taken as it is', () => {
  const engine = resolveOptions({ model: 'm' }).engine;
  expect(resolveOptions({ model: 'm', engine }).engine).toBe(engine);
});

test.each<[string, Partial<Record<keyof WhisperOptions, unknown>>]>([
  ['model', { model: '' }], ['model', { model: 7 }], ['model', { model: 'a\0b' }], ['keepAliveMs', { keepAliveMs: -1 }], ['keepAliveMs', { keepAliveMs: NaN }], ['keepAliveMs', { keepAliveMs: '60' }],
  ['threads', { threads: 0 }], ['threads', { threads: 1.5 }], ['beamSize', { beamSize: 9 }], ['minSpeed', { minSpeed: 0 }], ['minSpeed', { minSpeed: Infinity }],
  ['variant', { variant: 'metal' }], ['engine', { engine: 'fast' }], ['engine', { engine: {} }],
])('a wrong `%s` is refused with what was expected, what came, and advice', async (name, wrong) => {
  const options = { model: 'm', ...wrong } as unknown as WhisperOptions;
  await expect(createWhisper(options)).rejects.toMatchObject({ code: 'INVALID_OPTION', message: expect.stringMatching(new RegExp(`^Expected \`${name}\` to be .+, got `)) as string, advice: expect.stringMatching(/./) as string });
});
