import { expect, test } from 'vitest';
import { lifetimePresets, resolveLifetime, type LifetimeOptions } from '@media-jobs/core';

const hour = 3_600_000;
const minute = 60_000;

test.for([
  [{}, 24 * hour, 30 * minute, { ttl: 'default', cleanupInterval: 'default' }],
  [{ preset: 'low-disk' }, 12 * hour, 15 * minute, { ttl: 'preset', cleanupInterval: 'preset' }],
  [{ preset: 'test' }, hour / 2, minute, { ttl: 'preset', cleanupInterval: 'preset' }],
  [{ preset: 'performance', ttlHours: 3 }, 3 * hour, 60 * minute, { ttl: 'option', cleanupInterval: 'preset' }],
  [{ preset: 'development', environment: { ttlHours: 2.5, preset: 'low-disk' } }, 2.5 * hour, 5 * minute, { ttl: 'environment', cleanupInterval: 'preset' }],
  [{ environment: { preset: 'low-disk' } }, 12 * hour, 15 * minute, { ttl: 'preset', cleanupInterval: 'preset' }],
  [{ ttlHours: 6, cleanupIntervalMinutes: undefined, environment: { ttlHours: 1, cleanupIntervalMinutes: 7.5 } }, 6 * hour, 7.5 * minute, { ttl: 'option', cleanupInterval: 'environment' }],
] as const)('%j: code wins over the environment, both over the preset, and each value says where it is from', ([options, ttlMs, cleanupIntervalMs, from]) => {
  expect(resolveLifetime(options)).toMatchObject({ ttlMs, cleanupIntervalMs, from, warnings: [] });
});

test.for([
  [{ ttlHours: 0.5 }, [/0\.5 h/]],
  [{ ttlHours: 0.5, preset: 'production' }, [/0\.5 h/]],
  [{ cleanupIntervalMinutes: 1 }, [/every 1 min/]],
  [{ ttlHours: 0.25, cleanupIntervalMinutes: 2, preset: 'test' }, []],
  [{ ttlHours: 0.25, cleanupIntervalMinutes: 2, preset: 'development' }, []],
  [{ ttlHours: 1, cleanupIntervalMinutes: 61 }, [/61 min.*60 min/]],
  [{ ttlHours: 0.5, cleanupIntervalMinutes: 31, preset: 'test' }, [/31 min.*30 min/]],
  [{ ttlHours: 0.01, cleanupIntervalMinutes: 1 }, [/0\.01 h/, /every 1 min/, /0\.6 min/]],
] as const)('%j gives its warnings, and no other', ([options, warnings]) => {
  const found = resolveLifetime(options).warnings;
  expect(found).toHaveLength(warnings.length);
  warnings.forEach((warning, index) => expect(found[index]).toMatch(warning));
});

test('no preset warns of itself', () => {
  for (const preset of Object.keys(lifetimePresets) as (keyof typeof lifetimePresets)[]) expect(resolveLifetime({ preset }).warnings).toEqual([]);
});

test.for([{ ttlHours: 0 }, { ttlHours: -1 }, { ttlHours: Number.NaN }, { ttlHours: Infinity }, { ttlHours: '24' }, { cleanupIntervalMinutes: 0 }, { cleanupIntervalMinutes: 20_000 }, { preset: 'toString' }, { environment: { ttlHours: 0 } }])('%j is refused with its name', (options) => {
  expect(() => resolveLifetime(options as LifetimeOptions)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(/^Expected `(ttlHours|cleanupIntervalMinutes|preset)` to be .*, got `/) }));
});
