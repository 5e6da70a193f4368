import { digestBytes, type FileDigest, type ReadControls } from './copy-bytes.ts';
import { openInput } from './open-input.ts';

/**
 * Reads a file once, in constant memory, and resolves with its size and sha256. Throws `INPUT_MISSING`,
 * `INPUT_UNREADABLE`, `INPUT_NOT_FILE`, and `ABORTED` when the signal aborts.
 */
export async function hashFile(path: string, controls: ReadControls = {}): Promise<FileDigest> {
  await using source = await openInput(path);
  return await digestBytes(source, controls);
}
