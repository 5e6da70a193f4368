export { createDownloader, type Downloaded, type Downloader, type DownloadOptions, type DownloadProgress } from './downloader.ts';
export { downloaderDefaults, qualities, type DownloaderOptions, type Quality } from './options.ts';
export { downloadInput, downloadOperation, downloadOutput, type DownloadOperationOptions } from './download-operation.ts';
export { mediaAddress, type MediaAddress } from './media-address.ts';
export { createNetworkGuard, isPublic, type GuardedLookup, type NetworkGuard, type NetworkGuardOptions, type ResolveHost } from './network/network-guard.ts';
