export { mediaJobs } from './media-jobs-plugin.ts';
export { serverOptions } from './server-options.ts';
export { defaultMaxUploadBytes, httpDefaults, type HttpClient, type LoadLimits, type MediaJobsHttpOptions, type RateLimit } from './options.ts';
export { createMetrics, type MediaJobsMetrics, type MetricsOptions } from './metrics/metrics.ts';
export type { Health, CheckResult } from './health/check-health.ts';
