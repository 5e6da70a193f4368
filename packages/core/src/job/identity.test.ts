import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { jobIdentity, type IdentityParts } from '@media-jobs/core';

const parts: IdentityParts = {
  operation: 'transcribe', version: 1, namespace: '', options: { language: 'en', beamSize: 5 }, facts: { model: 'm' },
  inputs: [{ field: 'file', sha256: 'a'.repeat(64) }, { field: 'hints', sha256: 'b'.repeat(64) }],
};

test('an id is mj_ and 26 characters of base32: the first 130 bits of the digest', () => {
  const { id, digest } = jobIdentity(parts);
  expect(id).toMatch(/^mj_[a-z2-7]{26}$/);
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  const bits = Array.from(id.slice(3), (character) => 'abcdefghijklmnopqrstuvwxyz234567'.indexOf(character).toString(2).padStart(5, '0')).join('');
  expect(bits).toBe(Array.from(digest, (hex) => Number.parseInt(hex, 16).toString(2).padStart(4, '0')).join('').slice(0, 130));
});

test('the identity is this very one: a change of it would make every cached result new', () => {
  const text = '{"facts":{"model":"m"},"identityVersion":1,"inputs":[{"field":"file","sha256":"' + 'a'.repeat(64) + '"},{"field":"hints","sha256":"' + 'b'.repeat(64) + '"}],"namespace":"","operation":"transcribe","options":{"beamSize":5,"language":"en"},"version":1}';
  expect(jobIdentity(parts).digest).toBe(createHash('sha256').update(text).digest('hex'));
});

test('the order of options and inputs, members that are undefined, and names of files do not matter', () => {
  const named = parts.inputs.map((input, index) => ({ ...input, originalName: `talk ${index}.mp4` })).toReversed();
  expect(jobIdentity({ ...parts, options: { beamSize: 5, prompt: undefined, language: 'en' }, inputs: named })).toEqual(jobIdentity(parts));
});

test.for<Partial<IdentityParts>>([
  { operation: 'download' }, { version: 2 }, { namespace: 'tenant' }, { options: { language: 'en', beamSize: 4 } }, { options: { language: 'en' } }, { options: { language: 'en', beamSize: '5' } }, { facts: { model: 'n' } }, { facts: {} },
  { inputs: [] }, { inputs: [{ field: 'file', sha256: 'b'.repeat(64) }, { field: 'hints', sha256: 'a'.repeat(64) }] }, { inputs: [{ field: 'other', sha256: 'a'.repeat(64) }, { field: 'hints', sha256: 'b'.repeat(64) }] },
])('%j makes it another job', (change) => {
  expect(jobIdentity({ ...parts, ...change }).id).not.toBe(jobIdentity(parts).id);
});

test('what JSON cannot hold is refused rather than taken for the same as something else', () => {
  expect(() => jobIdentity({ ...parts, options: { threshold: Number.NaN } })).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', facts: { place: 'value.options.threshold' } }));
});
