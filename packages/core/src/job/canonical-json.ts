import { MediaJobError } from '@media-jobs/foundation';

/** Deeper than this a value is taken for a mistake. */
const maxDepth = 200;

/**
 * The one text of a value: keys sorted by code unit, members that are `undefined` dropped, no spaces, unicode as it is.
 * What has a `toJSON` is replaced by its result, as `JSON.stringify` does. Throws `INVALID_INPUT`, naming the place, for
 * what JSON cannot bring back as it was: NaN, Infinity, functions, symbols, bigints, cycles, `undefined` in a list, and
 * objects of a class.
 */
export function canonicalJson(value: unknown): string {
  return write(value, 'value', []);
}

function write(given: unknown, place: string, above: readonly unknown[]): string {
  if (given === null || typeof given === 'boolean' || typeof given === 'string') return JSON.stringify(given);
  if (typeof given === 'number') return Number.isFinite(given) ? JSON.stringify(given) : refuse(place, String(given));
  if (typeof given !== 'object') return refuse(place, typeof given);
  if (above.includes(given)) return refuse(place, 'a cycle');
  if (above.length >= maxDepth) return refuse(place, `more than ${maxDepth} levels`);
  const within = [...above, given];
  if ('toJSON' in given && typeof given.toJSON === 'function') return write((given.toJSON as () => unknown)(), place, within);
  if (Array.isArray(given)) return `[${Array.from(given, (member: unknown, index) => write(member, `${place}[${index}]`, within)).join(',')}]`;
  const prototype: unknown = Object.getPrototypeOf(given);
  if (prototype !== null && prototype !== Object.prototype) return refuse(place, `an object of type ${given.constructor.name}`);
  const members = Object.entries(given).filter(([, member]) => member !== undefined).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${write(member, `${place}.${key}`, within)}`).join(',')}}`;
}

function refuse(place: string, got: string): never {
  throw new MediaJobError('INVALID_INPUT', {
    message: `Expected \`${place}\` to be plain data that JSON can hold, got ${got}.`,
    advice: 'Use strings, finite numbers, booleans, null, lists and plain objects of these.',
    facts: { place },
  });
}
