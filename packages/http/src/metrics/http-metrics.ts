import { Counter, Histogram, type Registry } from 'prom-client';

/** One request that was answered. */
export interface AnsweredRequest {
  readonly method: string;
  /** The pattern, never the path: ids would make a figure of each. */
  readonly route: string;
  readonly status: number;
  readonly wallMs: number;
}

/** What is counted of requests. */
export function createHttpMetrics(registry: Registry): (request: AnsweredRequest) => void {
  const registers = [registry];
  const requests = new Counter({ name: 'media_jobs_http_requests_total', help: 'Requests that were answered, by route and status.', labelNames: ['method', 'route', 'status'], registers });
  const duration = new Histogram({ name: 'media_jobs_http_request_duration_seconds', help: 'Time from the first byte of a request to the last of its answer.', labelNames: ['route'], buckets: [0.005, 0.025, 0.1, 0.5, 1, 5, 30, 300], registers });
  return ({ method, route, status, wallMs }) => {
    requests.inc({ method, route, status });
    duration.observe({ route }, wallMs / 1_000);
  };
}
