import { closeSync, openSync } from 'node:fs';
import { mkdir, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from '@media-jobs/foundation';

/** File systems on which several machines may write one file: `f_type` of statfs(2). SQLite's WAL needs shared memory. */
const networkFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'], [0x517b, 'SMB'], [0xfe534d42, 'SMB2'], [0xff534d42, 'CIFS'], [0x01021997, '9p'], [0x5346414f, 'AFS'], [0x00c36400, 'Ceph'],
]);

/**
 * Makes the folder (mode 0700) and an empty file (mode 0600) where they are missing: records tell what people said.
 * A file that is there is never opened here: closing any descriptor of it would drop the locks that SQLite holds on it
 * in this process.
 */
export async function prepareFolder(file: string, logger: Logger): Promise<void> {
  const folder = dirname(file);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const network = networkFileSystems.get((await statfs(folder)).type >>> 0);
  if (network !== undefined) logger.warn({ file, fileSystem: network }, 'The job store lies in a network folder, where SQLite may lose or mix up jobs; move it to a local disk.');
  createFile(file);
}

function createFile(file: string): void {
  try {
    closeSync(openSync(file, 'ax', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
