import type { MediaJobErrorCode } from '@media-jobs/foundation';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Access, Asker } from '../access/access.ts';

/** What a route answers under one status. */
export interface Answer {
  readonly description: string;
  /** Of the JSON; absent for anything else. */
  readonly schema?: z.ZodType;
  /** Default `application/json` with a schema, else none. */
  readonly mediaType?: string;
}

/** One request, checked. */
export interface Call<Params, Query, Body> {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly asker: Asker;
  readonly correlationId: string;
}

/** Where a body is described that is not read by the route's own schema. */
export interface DescribedBody {
  readonly description: string;
  readonly content: Readonly<Record<string, unknown>>;
}

/** One thing that the service does: the code that does it, and what its document says. */
export interface Route<Params extends z.ZodType = z.ZodType, Query extends z.ZodType = z.ZodType, Body extends z.ZodType = z.ZodType> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With `:name` for parts that vary and `*` for the rest. */
  readonly path: string;
  /** Name of the operation in the OpenAPI document. */
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly access: Access;
  readonly params?: Params;
  readonly query?: Query;
  /** Of a JSON body. Without one, a body is not looked at. */
  readonly body?: Body;
  /** For the document, where the body is read as a stream. */
  readonly describedBody?: DescribedBody;
  readonly answers: Readonly<Record<number, Answer>>;
  /** Beside those that any route may give. */
  readonly refusals: readonly MediaJobErrorCode[];
  /** Holds its connection until something happens, so that a HEAD for it makes no sense. */
  readonly lasts?: boolean;
  /** Not limited, and answered also under pressure: for those who watch the service. */
  readonly unlimited?: boolean;
  /** Refusals look as those of OpenAI do, for its clients. Default: problem details. */
  readonly refusesAs?: 'openai';
  /** Checked before the body is read. */
  before?(request: FastifyRequest): void;
  handle(call: Call<z.output<Params>, z.output<Query>, z.output<Body>>): Promise<unknown>;
}

/** Keeps the types of the schemas together with the code that uses them. */
export function defineRoute<Params extends z.ZodType = z.ZodType<Record<string, never>>, Query extends z.ZodType = z.ZodType<Record<string, never>>, Body extends z.ZodType = z.ZodType<undefined>>(route: Route<Params, Query, Body>): Route {
  return Object.freeze(route) as Route;
}
