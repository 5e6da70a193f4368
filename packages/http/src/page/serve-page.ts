import { MediaJobError } from '@media-jobs/foundation';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { HttpContext } from '../http-context.ts';
import { pageFacts } from './page-facts.ts';
import { readPageFiles, type PageFile } from './page-files.ts';

/** Nothing from elsewhere, nothing inline, nothing that a text of a stranger could become; pictures and sound also from what was just fetched or chosen. */
const policy = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob:", "media-src 'self' blob:", "connect-src 'self'",
  "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
].join('; ');

const headers = Object.freeze({
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-cache',
});

/** Serves the page at `/` and what it is made of below `/page`. */
export function servePage(fastify: FastifyInstance, context: HttpContext): void {
  if (!context.page) return;
  const files = readPageFiles();
  const facts = JSON.stringify(pageFacts(context));
  // The page watches the service as well: its own files are not what a limit is for.
  const config = { rateLimit: false as const };
  fastify.get('/', { config }, (request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    // Its addresses are relative, so that it works behind any proxy: below a prefix they need the slash.
    if (!path.endsWith('/')) return reply.redirect(`${path.slice(path.lastIndexOf('/') + 1)}/`, 308);
    return sendFile(request, reply, files.get('index.html'));
  });
  fastify.get('/page/service.json', { config }, (_request, reply) => reply.headers(headers).type('application/json; charset=utf-8').send(facts));
  fastify.get<{ Params: { name: string } }>('/page/:name', { config }, (request, reply) => sendFile(request, reply, files.get(request.params.name)));
}

function sendFile({ headers: given }: FastifyRequest, reply: FastifyReply, file: PageFile | undefined): FastifyReply {
  if (file === undefined) throw new MediaJobError('ROUTE_NOT_FOUND', { message: 'Expected the name of a file of the page, got another.', advice: 'The page is at `/`.' });
  void reply.headers(headers).header('etag', file.tag);
  if (given['if-none-match'] === file.tag) return reply.code(304).send();
  return reply.type(file.mediaType).send(file.bytes);
}
