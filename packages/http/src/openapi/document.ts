import { errorCodes, type MediaJobErrorCode } from '@media-jobs/foundation';
import type { z } from 'zod';
import { problemSchema } from '../problem/problem.ts';
import type { Answer, Route } from '../route/route.ts';
import { jsonSchemaOf } from './json-schema.ts';

type Json = Readonly<Record<string, unknown>>;

/** Refusals that any route may give. */
const common: readonly MediaJobErrorCode[] = ['INVALID_OPTION', 'BAD_REQUEST', 'RATE_LIMITED', 'OVERLOADED', 'UNKNOWN'];

/** The same of routes to which a body may be sent, whether they look at it or not. */
const commonWithBody: readonly MediaJobErrorCode[] = ['INPUT_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'];

const tags = [
  { name: 'jobs', description: 'Submit media, follow the work, get the result.' },
  { name: 'files', description: 'What completed jobs have made.' },
  { name: 'openai', description: 'For clients of the audio API of OpenAI.' },
  { name: 'health', description: 'For those who watch the service.' },
  { name: 'admin', description: 'Needs the token of the administration; without one, served to the machine itself only.' },
];

/** The document of a service, in OpenAPI 3.1, made of the very schemas that check its requests. */
export function openApiDocument(service: { readonly name: string; readonly version: string }, base: string, routes: readonly Route[]): Json {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) (paths[pathOf(route)] ??= {})[route.method.toLowerCase()] = operationOf(route);
  return {
    openapi: '3.1.0',
    info: { title: service.name, version: service.version, description: 'Media jobs over HTTP. Refusals are problem details (RFC 9457) with a `code`; `X-Correlation-ID` comes in, stands in each log line, and goes out again.' },
    servers: [{ url: base === '' ? '/' : base }],
    tags,
    paths,
    components: {
      schemas: { Problem: jsonSchemaOf(problemSchema, 'output') },
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
  };
}

/** `/jobs/:id/files/*` as OpenAPI writes it. */
function pathOf({ path }: Route): string {
  return path.replaceAll(/:(\w+)/g, '{$1}').replace('*', '{path}');
}

function operationOf(route: Route): Json {
  const { id, tag, summary, description, access, params, query, body, describedBody } = route;
  const parameters = [...parametersOf(params, 'path'), ...parametersOf(query, 'query')];
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(access === 'open' ? {} : { security: access === 'admin' ? [{ token: [] }] : [{ token: [] }, {}] }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(describedBody === undefined ? {} : { requestBody: { required: true, ...describedBody } }),
    ...(body === undefined ? {} : { requestBody: { required: false, content: { 'application/json': { schema: jsonSchemaOf(body, 'input') } } } }),
    responses: responsesOf(route),
  };
}

function parametersOf(schema: z.ZodType | undefined, place: 'path' | 'query'): readonly Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = jsonSchemaOf(schema, 'input') as { readonly properties?: Readonly<Record<string, Json>>; readonly required?: readonly string[] };
  return Object.entries(properties).map(([name, property]) => ({ name: name === '*' ? 'path' : name, in: place, required: place === 'path' || required.includes(name), schema: property }));
}

function responsesOf({ method, answers, refusals, access }: Route): Json {
  const codes = new Set([...refusals, ...common, ...(method === 'GET' ? [] : commonWithBody), ...(access === 'open' ? [] : (['UNAUTHORIZED'] as const))]);
  const refused = new Map<number, MediaJobErrorCode[]>();
  for (const code of codes) refused.set(errorCodes[code].httpStatus, [...(refused.get(errorCodes[code].httpStatus) ?? []), code]);
  const problems = [...refused].filter(([status]) => answers[status] === undefined).map(([status, names]) => [status, problemAnswer(names)] as const);
  return Object.fromEntries([...Object.entries(answers).map(([status, answer]) => [status, answerOf(answer)] as const), ...problems.map(([status, answer]) => [String(status), answer] as const)]);
}

function answerOf({ description, schema, mediaType }: Answer): Json {
  if (schema === undefined && mediaType === undefined) return { description };
  return { description, content: { [mediaType ?? 'application/json']: schema === undefined ? {} : { schema: jsonSchemaOf(schema, 'output') } } };
}

function problemAnswer(codes: readonly MediaJobErrorCode[]): Json {
  const rows = codes.map((code) => `\`${code}\`: ${errorCodes[code].meaning}`);
  return { description: rows.join('\n\n'), content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } };
}
