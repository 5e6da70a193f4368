export { createTempFiles, type CreateTempFilesOptions, type TempFileOptions, type TempFiles } from './temp-files.ts';
export type { TempFile, TempFolder } from './temp-thing.ts';
export type { LedgerEntry, LedgerWriter } from './ledger-entry.ts';
export { defaultRemoveRetryMs, removePath, type Removed, type RemovePathOptions } from './remove-path.ts';
export { publishFile, type PublishFileOptions } from './publish-file.ts';
export { hashFile } from './hash-file.ts';
export type { FileDigest, ReadControls } from './copy-bytes.ts';
export { checkInputFile, type CheckedInputFile, type CheckInputFileOptions } from './check-input-file.ts';
export { defaultReserveBytes, diskSpace, requireDiskSpace, type DiskSpace, type RequireDiskSpaceOptions } from './disk-space.ts';
