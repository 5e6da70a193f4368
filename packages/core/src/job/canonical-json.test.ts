import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from '@media-jobs/core';

test('keys are sorted at every level, members that are undefined are dropped, lists keep their order', () => {
  expect(canonicalJson({ b: [2, { d: 1, c: undefined, a: null }], a: 'x', 10: 1, 9: 2 })).toBe('{"10":1,"9":2,"a":"x","b":[2,{"a":null,"d":1}]}');
});

test('unicode stays as it is: composed and decomposed forms differ, halves of a pair are escaped', () => {
  expect(canonicalJson('é😀')).toBe('"é😀"');
  expect(canonicalJson('e\u0301')).not.toBe(canonicalJson('\u00e9'));
  expect(canonicalJson('\ud800')).toBe(String.raw`"\ud800"`);
});

test('what has a toJSON is replaced by its result', () => {
  expect(canonicalJson({ at: new Date(0), url: new URL('http://a/b') })).toBe('{"at":"1970-01-01T00:00:00.000Z","url":"http://a/b"}');
});

test('plain data is what JSON brings back, in whatever order its keys stand', () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
    expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
  }), { numRuns: 200 });
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  // `fromEntries` sets no prototype, also for a member of the name `__proto__`.
  return Object.fromEntries(Object.entries(value).toReversed().map(([key, member]) => [key, reversed(member)]));
}

const cycle: { self?: unknown } = {};
cycle.self = { list: [cycle] };
const deep = Array.from({ length: 300 }).reduce<unknown>((inner) => [inner], 1);

test.for([
  ['NaN', { a: [1, Number.NaN] }, 'value.a[1]'], ['Infinity', { a: Infinity }, 'value.a'], ['function', { run: () => 1 }, 'value.run'], ['symbol', [Symbol('s')], 'value[0]'], ['bigint', { n: 1n }, 'value.n'],
  ['undefined', [1, undefined], 'value[1]'], ['undefined', undefined, 'value'], ['a cycle', cycle, 'value.self.list[0]'], ['an object of type Map', { m: new Map() }, 'value.m'], ['an object of type Uint8Array', { b: new Uint8Array(2) }, 'value.b'],
  ['more than 200 levels', deep, 'value[0][0]'], ['undefined', Array.from({ length: 1 }), 'value[0]'],
] as const)('%s is refused with its place', ([got, value, place]) => {
  expect(() => canonicalJson(value)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining(`, got ${got}.`), facts: { place: expect.stringContaining(place) } }));
});

test('the same object in two places is no cycle', () => {
  const shared = { a: 1 };
  expect(canonicalJson([shared, shared])).toBe('[{"a":1},{"a":1}]');
});
