export { createS3FileStore } from './s3-file-store.ts';
export { s3FileStoreDefaults, type S3FileStoreOptions } from './options.ts';
