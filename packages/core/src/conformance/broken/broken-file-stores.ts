import { Readable } from 'node:stream';
import type { FileStore, StoredFolder } from '../../ports/file-store.ts';
import { override } from './override.ts';

/** A way to break a file store, and the case that must reject it. */
export interface BrokenFileStore {
  /** What it does wrong. */
  readonly name: string;
  /** Name of the conformance case that fails. */
  readonly rejectedBy: string;
  /** Breaks a sound store. */
  readonly wrap: (store: FileStore) => FileStore;
}

/** Stores that keep files wrongly. */
const keeping: readonly BrokenFileStore[] = [
  { name: 'it drops what it was given', rejectedBy: 'what one machine put, another opens, byte for byte', wrap: (store) => override(store, { put: () => Promise.resolve() }) },
  {
    name: 'it keeps what it was given to itself',
    rejectedBy: 'what one machine put, another opens, byte for byte',
    wrap: (store) => {
      const mine = new Set<string>();
      return override(store, {
        put: async (file, path, controls) => (mine.add(file.sha256), store.put(file, path, controls)),
        sizeOf: async (file, controls) => (mine.has(file.sha256) ? store.sizeOf(file, controls) : null),
      });
    },
  },
  {
    name: 'it keeps quiet about a file that is not what its digest says',
    rejectedBy: 'a file that is not what its digest says is refused, and nothing of it can be opened',
    wrap: (store) => override(store, { put: (file, path, controls) => store.put(file, path, controls).catch(() => undefined) }),
  },
  { name: 'its put ignores an abort', rejectedBy: 'a put that is aborted rejects, and stores nothing', wrap: (store) => override(store, { put: (file, path) => store.put(file, path) }) },
];

/** Stores that give files out wrongly. */
const givingOut: readonly BrokenFileStore[] = [
  { name: 'it always begins at the start', rejectedBy: 'opened from a byte on, the rest comes', wrap: (store) => override(store, { open: (file, _start, controls) => store.open(file, 0, controls) }) },
  {
    name: 'it gives out an empty file for one that is missing',
    rejectedBy: 'what is not there is missing: it has no size, and opening it says so',
    wrap: (store) => override(store, { open: (file, start, controls) => store.open(file, start, controls).catch(() => Readable.from([])) }),
  },
  { name: 'its streams ignore an abort', rejectedBy: 'an abort ends a stream that is being read', wrap: (store) => override(store, { open: (file, start) => store.open(file, start) }) },
  { name: 'it begins what was aborted before', rejectedBy: 'an aborted signal keeps every call from being made', wrap: (store) => override(store, { remove: (place) => store.remove(place) }) },
];

/** Stores that list and remove wrongly. */
const removing: readonly BrokenFileStore[] = [
  { name: 'it tells a folder once for each file', rejectedBy: 'each epoch and each folder is told once, however many files it holds, and when it was written', wrap: (store) => override(store, { folders: twice(store) }) },
  { name: 'it cannot tell when a folder was written', rejectedBy: 'each epoch and each folder is told once, however many files it holds, and when it was written', wrap: (store) => override(store, { folders: timeless(store) }) },
  {
    name: 'it removes whatever begins the same',
    rejectedBy: 'removing a folder removes all files in it and tells how many and how large; others stay',
    wrap: (store) => override(store, {
      remove: async (place, controls) => {
        const removed = await store.remove(place, controls);
        const [, epoch = ''] = place.split('/');
        for await (const { folder } of store.folders(epoch)) if (folder.startsWith(place)) await store.remove(folder);
        return removed;
      },
    }),
  },
  { name: 'it removes nothing', rejectedBy: 'what is removed on one machine is gone on the others', wrap: (store) => override(store, { remove: async () => ({ files: 0, bytes: 0 }) }) },
  { name: 'it lists one page', rejectedBy: 'more files than a listing brings at once are all told and all removed', wrap: (store) => override(store, { folders: onePage(store) }) },
  {
    name: 'it does not see what killed processes left',
    rejectedBy: 'what a killed put left is told as a folder and an epoch, cannot be opened, and goes with its folder',
    wrap: (store) => {
      const finished = new Set<string>();
      return override(store, {
        put: async (file, path, controls) => (await store.put(file, path, controls), void finished.add(file.folder)),
        async *folders(epoch, controls) {
          for await (const each of store.folders(epoch, controls)) if (finished.has(each.folder)) yield each;
        },
      });
    },
  },
];

/** File stores that are wrong in ways that adapters are wrong in. */
export const brokenFileStores: readonly BrokenFileStore[] = Object.freeze([...keeping, ...givingOut, ...removing]);

function twice(store: FileStore): FileStore['folders'] {
  return async function* repeated(epoch, controls): AsyncGenerator<StoredFolder> {
    for await (const each of store.folders(epoch, controls)) yield* [each, each];
  };
}

function timeless(store: FileStore): FileStore['folders'] {
  return async function* withoutTimes(epoch, controls): AsyncGenerator<StoredFolder> {
    for await (const { folder } of store.folders(epoch, controls)) yield { folder, modifiedAt: 0 };
  };
}

function onePage(store: FileStore): FileStore['folders'] {
  return async function* cut(epoch, controls): AsyncGenerator<StoredFolder> {
    let told = 0;
    for await (const each of store.folders(epoch, controls)) if ((told += 1) <= 1_000) yield each;
  };
}
