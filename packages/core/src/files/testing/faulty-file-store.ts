import { Readable } from 'node:stream';
import type { FileStore } from '@media-jobs/core';

/** The store with some calls replaced; each replacement is given the real call. */
export function withFileFaults(store: FileStore, faults: { readonly [Name in keyof FileStore]?: (real: FileStore[Name]) => FileStore[Name] }): FileStore {
  return new Proxy(store, {
    get: (target, name) => {
      const real: unknown = Reflect.get(target, name);
      const fault = (faults as Readonly<Record<PropertyKey, ((call: unknown) => unknown) | undefined>>)[name];
      const bound: unknown = typeof real === 'function' ? real.bind(target) : real;
      return fault === undefined ? bound : fault(bound);
    },
  });
}

/** The stream, which fails after so many bytes as a connection does that is cut. */
export function cutAfter(stream: Readable, bytes: number): Readable {
  async function* beginning(): AsyncGenerator<Buffer> {
    let left = bytes;
    for await (const chunk of stream) {
      const piece = (chunk as Buffer).subarray(0, left);
      left -= piece.length;
      yield piece;
      if (left === 0) throw new Error('ECONNRESET');
    }
  }
  return Readable.from(beginning());
}
