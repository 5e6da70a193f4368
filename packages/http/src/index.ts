export { mediaJobs } from './media-jobs-plugin.ts';
export { serverOptions } from './server-options.ts';
export { defaultMaxUploadBytes, httpDefaults, type HttpClient, type LoadLimits, type MediaJobsHttpOptions, type RateLimit } from './options.ts';
export type { MediaJobsMetrics } from './metrics/metrics.ts';
