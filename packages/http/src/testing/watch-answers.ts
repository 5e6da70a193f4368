import type { FastifyInstance } from 'fastify';
import { problemSchema } from '../problem/problem.ts';
import { openAiErrorSchema } from '../openai/openai-error.ts';

/** Holds each answer of an app against what the route's document says of it; resolves into what did not fit. Called before the plugin is registered. */
export function watchAnswers(app: FastifyInstance): readonly string[] {
  const mismatches: string[] = [];
  app.addHook('onSend', async (request, reply, payload) => {
    const route = request.routeOptions.config.mediaJobsRoute;
    if (route === undefined || request.method === 'HEAD' || typeof payload !== 'string') return payload;
    const { statusCode } = reply;
    const what = `${request.method} ${request.url} → ${statusCode}`;
    const answer = route.answers[statusCode];
    const schema = answer === undefined ? (route.refusesAs === 'openai' ? openAiErrorSchema : problemSchema) : answer.schema;
    if (schema === undefined) return payload;
    const parsed = schema.safeParse(JSON.parse(payload));
    if (!parsed.success) mismatches.push(`${what}: ${parsed.error.message}`);
    return payload;
  });
  return mismatches;
}
