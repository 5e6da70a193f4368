import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { newEpoch, newToken } from '../../job/epoch.ts';
import type { FileStore, StoredFile, StoredFolder } from '../../ports/file-store.ts';
import type { ConformanceCase, FileStoreHarness } from '../harness.ts';

/** A local file, and what it is in a store. */
export interface Source {
  readonly path: string;
  readonly content: Buffer;
  readonly file: StoredFile;
}

/** What a case works with. */
export interface FileStoreBench {
  readonly store: FileStore;
  readonly harness: FileStoreHarness;
  /** An epoch of the case's own. */
  readonly epoch: string;
  /** A folder of this epoch, or of another. */
  readonly folder: (epoch?: string) => string;
  /** Writes a local file; its bytes are drawn unless they are given. */
  readonly source: (options?: { readonly folder?: string; readonly bytes?: number; readonly content?: Buffer }) => Promise<Source>;
  /** Another handle on what the store holds, as another machine has one. */
  readonly other: () => Promise<FileStore>;
}

/** A case on a store of its own. Its local files are gone at the end, and its handles are closed, whatever happens. */
export const onFileStore = (name: string, body: (bench: FileStoreBench) => Promise<void>): ConformanceCase<FileStoreHarness> => ({
  name,
  run: async (harness) => {
    const local = await mkdtemp(join(tmpdir(), 'media-jobs-file-store-'));
    const others: FileStore[] = [];
    try {
      await using store = await harness.create();
      await body(benchOf(store, harness, local, others));
    } finally {
      for (const store of others) await store[Symbol.asyncDispose]();
      await rm(local, { recursive: true, force: true });
    }
  },
});

function benchOf(store: FileStore, harness: FileStoreHarness, local: string, others: FileStore[]): FileStoreBench {
  const epoch = newEpoch(Date.now());
  const folder = (of = epoch): string => `jobs/${of}/mj_${newToken()}/${newToken()}`;
  return {
    store, harness, epoch, folder,
    async source({ folder: into = folder(), bytes = 1_000, content = randomBytes(bytes) } = {}) {
      const path = join(local, newToken());
      await writeFile(path, content);
      return { path, content, file: { folder: into, sha256: createHash('sha256').update(content).digest('hex'), bytes: content.length } };
    },
    async other() {
      const handle = await harness.join(store);
      others.push(handle);
      return handle;
    },
  };
}

/** Everything that a stream brings. */
export async function contentOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** All folders of an epoch. */
export function foldersOf(store: FileStore, epoch: string): Promise<StoredFolder[]> {
  return Array.fromAsync(store.folders(epoch));
}
