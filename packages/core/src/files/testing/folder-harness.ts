import { mkdir, mkdtemp, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createFolderFileStore, newToken, type FileStore } from '@media-jobs/core';
import type { FileStoreHarness } from '@media-jobs/core/conformance';

/** File stores in folders of their own below `root`. */
export function folderHarness(root: string, wrap: (store: FileStore) => FileStore = (store) => store): FileStoreHarness {
  const places = new WeakMap<FileStore, string>();
  const openIn = (folder: string): FileStore => {
    const store = wrap(createFolderFileStore({ folder }));
    places.set(store, folder);
    return store;
  };
  return {
    create: async () => openIn(join(await mkdtemp(join(root, 'store-')), 'shared')),
    join: (store) => openIn(places.get(store) ?? ''),
    async leaveUnfinished(store, { folder }, path) {
      const place = join(places.get(store) ?? '', folder);
      await mkdir(place, { recursive: true });
      await using part = await open(join(place, `.${newToken()}.part`), 'wx');
      await part.write((await readFile(path)).subarray(0, 1_000));
    },
  };
}
