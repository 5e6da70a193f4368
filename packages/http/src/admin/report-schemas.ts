import { z } from 'zod';

const counts = z.object({ jobsRemoved: z.number(), filesDeleted: z.number(), bytesFreed: z.number(), modelsDeleted: z.number(), tasksPurged: z.number(), processesEnded: z.number() });

/** What a cleanup did. A reset that could not do everything is a 200 with `ok: false` and its errors one by one. */
export const resetReportSchema = counts.extend({
  resetId: z.string(),
  message: z.string(),
  ok: z.boolean(),
  level: z.enum(['basic', 'deep']),
  startedAt: z.number(),
  wallMs: z.number(),
  redisFlushed: z.boolean(),
  queuePurged: z.boolean(),
  perTarget: z.record(z.string(), z.unknown()),
  left: z.number(),
  errors: z.array(z.object({ target: z.string(), path: z.string(), reason: z.string() })),
});

const remote = z.object({ status: z.enum(['success', 'failed', 'unreachable']), report: z.record(z.string(), z.unknown()).optional(), error: z.string().optional() });

/** What a factory reset did, here and in the other services. */
export const factoryReportSchema = z.object({ message: z.string(), ok: z.boolean(), self: resetReportSchema, services: z.record(z.string(), remote) });
