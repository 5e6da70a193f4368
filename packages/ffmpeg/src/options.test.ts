import { expect, test } from 'vitest';
import { defaultDisk, defaultLimits, resolveOptions, type FfmpegOptions } from './options.ts';

test('what is left out, or undefined, has its default, and the result is frozen', () => {
  const undefinedEverywhere = { limits: { stallMs: undefined }, disk: { factor: undefined }, threads: undefined } as unknown as FfmpegOptions;
  for (const options of [{}, undefinedEverywhere]) {
    const resolved = resolveOptions(options);
    expect(resolved.limits).toEqual(defaultLimits);
    expect(resolved.disk).toEqual(defaultDisk);
    expect(resolved.threads).toBe(2);
    expect(Object.isFrozen(resolved) && Object.isFrozen(resolved.limits)).toBe(true);
  }
});

test.each<[string, FfmpegOptions]>([
  ['limits.stallMs', { limits: { stallMs: 0 } }],
  ['limits.stallMs', { limits: { stallMs: Number.NaN } }],
  ['limits.maxTimeoutMs', { limits: { minTimeoutMs: 5000, maxTimeoutMs: 4000 } }],
  ['limits.maxDurationSeconds', { limits: { maxDurationSeconds: 200_000 } }],
  ['limits.maxInputBytes', { limits: { maxInputBytes: -1 } }],
  ['threads', { threads: 1.5 }],
  ['disk.factor', { disk: { factor: 0.5 } }],
  ['binaries.ffprobe', { binaries: { ffprobe: '' } }],
])('a wrong `%s` is refused by name', (name, options) => {
  expect(() => resolveOptions(options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(`\`${name}\``) }));
});
