import type { ConformanceCase, FileStoreHarness } from './harness.ts';
import { openCases } from './file-store/open-cases.ts';
import { putCases } from './file-store/put-cases.ts';
import { removeCases } from './file-store/remove-cases.ts';

/** What every `FileStore` must do: what one machine put, another opens; what was removed is gone, with all that was left unfinished. */
export const fileStoreCases: readonly ConformanceCase<FileStoreHarness>[] = Object.freeze([...putCases, ...openCases, ...removeCases]);
