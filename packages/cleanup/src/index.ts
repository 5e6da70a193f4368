export { createTempFiles, type CreateTempFilesOptions, type TempFileOptions, type TempFiles } from './temp-files.ts';
export type { TempFile, TempFolder } from './temp-thing.ts';
export type { LedgerEntry, LedgerWriter } from './ledger-entry.ts';
export { defaultRemoveRetryMs, removePath, type Removed, type RemovePathOptions } from './remove-path.ts';
