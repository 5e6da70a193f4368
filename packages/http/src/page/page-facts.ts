import type { Operation } from '@media-jobs/core';
import type { HttpContext } from '../http-context.ts';
import { jsonSchemaOf } from '../openapi/json-schema.ts';
import { fieldsOf } from '../upload/operation-fields.ts';

/** What the page is told about an operation: enough to draw its form. */
interface OperationFacts {
  readonly name: string;
  readonly files: readonly string[];
  readonly takesUrl: boolean;
  /** Of a pipeline, in their order. */
  readonly steps: readonly string[];
  /** JSON schema of the input. */
  readonly schema: Readonly<Record<string, unknown>>;
}

/** What the page is told about the service. Nothing in it is secret: the OpenAPI document says the same. */
export interface PageFacts {
  readonly service: { readonly name: string; readonly version: string };
  readonly maxUploadBytes: number;
  readonly operations: readonly OperationFacts[];
  readonly clientsNeedToken: boolean;
  readonly adminNeedsToken: boolean;
  readonly takesToken: boolean;
  /** Other services that a reset covers. */
  readonly resets: readonly string[];
  readonly docs: boolean;
}

/** What the page is told. */
export function pageFacts({ service, jobs, clients, adminToken, remoteServices, maxUploadBytes, docs }: HttpContext): PageFacts {
  return {
    service,
    maxUploadBytes,
    operations: jobs.operations.map(factsOf),
    clientsNeedToken: clients.length > 0,
    adminNeedsToken: adminToken !== undefined,
    takesToken: clients.length > 0 || adminToken !== undefined,
    resets: remoteServices.map(({ name }) => name),
    docs,
  };
}

function factsOf(operation: Operation): OperationFacts {
  const { files, shape } = fieldsOf(operation);
  return { name: operation.name, files: [...files], takesUrl: Object.hasOwn(shape, 'url'), steps: stepsOf(operation), schema: jsonSchemaOf(operation.input, 'input') };
}

/** A pipeline returns each of its steps by its name. */
function stepsOf({ uses = [], output }: Operation): readonly string[] {
  const { shape } = output.def as { readonly shape?: Readonly<Record<string, unknown>> };
  return uses.length === 0 ? [] : Object.keys(shape ?? {});
}
