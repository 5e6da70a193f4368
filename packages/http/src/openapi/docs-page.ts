import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';

/** Serves the document at `/openapi.json`, and its page at `/docs` when that is wanted. */
export async function serveDocument(fastify: FastifyInstance, document: Readonly<Record<string, unknown>>, page: boolean): Promise<void> {
  fastify.get('/openapi.json', { config: { rateLimit: false } }, () => document);
  if (!page) return;
  await fastify.register(async (scope) => {
    await scope.register(swagger, { mode: 'static', specification: { document: document as never } });
    await scope.register(swaggerUi, { routePrefix: '/docs', staticCSP: true, uiConfig: { deepLinking: true, tryItOutEnabled: true } });
  });
}
