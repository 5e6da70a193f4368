import { createMemoryStore, createProcessQueue, type MediaJobsOptions } from '@media-jobs/core';
import { scriptedOperation } from '@media-jobs/core/testing';
import { expect, test } from 'vitest';
import { mediaJobsDefaults, resolveOptions } from './options.ts';

const whole: MediaJobsOptions = { operations: [scriptedOperation({ name: 'a' })], store: createMemoryStore(), workFolder: './work' };

test('defaults are filled in, also where undefined is given, and the result is frozen', () => {
  const resolved = resolveOptions({ ...whole, heartbeatMs: undefined, namespace: undefined } as unknown as MediaJobsOptions);
  expect(resolved).toMatchObject({ ...mediaJobsDefaults, lifetime: { ttlMs: 86_400_000, cleanupIntervalMs: 1_800_000 } });
  expect(Object.isFrozen(resolved)).toBe(true);
});

test('options win over the environment, and the environment over the preset', () => {
  const { lifetime } = resolveOptions({ ...whole, ttlHours: 2, environment: { ttlHours: 3, cleanupIntervalMinutes: 10 }, preset: 'low-disk' });
  expect(lifetime).toMatchObject({ ttlMs: 7_200_000, cleanupIntervalMs: 600_000, from: { ttl: 'option', cleanupInterval: 'environment' } });
});

test('only what runs nothing may have no operations', () => {
  expect(resolveOptions({ ...whole, operations: [], worker: false }).operations.size).toBe(0);
});

test.each<[string, Record<string, unknown>]>([
  ['operations', { operations: [] }],
  ['operations', { operations: [scriptedOperation({ name: 'a' }), scriptedOperation({ name: 'a' })] }],
  ['store', { store: { ...createMemoryStore(), specVersion: 2 } }],
  ['store', { store: undefined }],
  ['queue', { queue: { ...createProcessQueue(), specVersion: 0 } }],
  ['workFolder', { workFolder: '' }],
  ['ttlHours', { ttlHours: 0 }],
  ['preset', { preset: 'fast' }],
  ['leaseMs', { heartbeatMs: 10_000, leaseMs: 19_999 }],
  ['heartbeatMs', { heartbeatMs: Number.NaN }],
  ['pollIntervalMs', { pollIntervalMs: 0 }],
  ['maxLosses', { maxLosses: 0.5 }],
  ['diskReserveBytes', { diskReserveBytes: -1 }],
  ['namespace', { namespace: 7 }],
])('a wrong %s is refused by its name', (name, wrong) => {
  expect(() => resolveOptions({ ...whole, ...wrong })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', facts: expect.objectContaining({ option: name }) }));
});
