import type { HttpContext } from '../http-context.ts';
import type { Route } from '../route/route.ts';

export function metricsRoutes(_context: HttpContext): readonly Route[] {
  return [];
}
