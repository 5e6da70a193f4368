import type { Operation } from '@media-jobs/core';
import { jsonSchemaOf } from '../openapi/json-schema.ts';
import type { DescribedBody } from '../route/route.ts';
import { fieldsOf } from './operation-fields.ts';

/** The body of a submit, for the document: for each operation a form, and JSON where it needs no file. */
export function describeSubmit(operations: readonly Operation[]): DescribedBody {
  const described = operations.map((operation) => ({ fields: fieldsOf(operation), schema: { title: operation.name, ...jsonSchemaOf(operation.input, 'input') } }));
  const forms = described.map(({ fields, schema }) => withFiles(schema, fields.files));
  const plain = described.filter(({ fields }) => [...fields.files].every((name) => fields.shape[name]?.safeParse(undefined).success)).map(({ schema, fields }) => withoutFields(schema, fields.files));
  return {
    description: 'The input of the operation that the query names: files as files of a form, options beside them as its fields.',
    content: {
      'multipart/form-data': { schema: oneOf(forms) },
      ...(plain.length === 0 ? {} : { 'application/json': { schema: oneOf(plain) } }),
    },
  };
}

type JsonSchema = Readonly<Record<string, unknown>>;

function oneOf(schemas: readonly JsonSchema[]): unknown {
  return schemas.length === 1 ? schemas[0] : { anyOf: schemas };
}

function withFiles(schema: JsonSchema, files: ReadonlySet<string>): JsonSchema {
  const properties = Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, unknown>>);
  const file = { type: 'string', contentMediaType: 'application/octet-stream', format: 'binary' };
  return { ...schema, properties: Object.fromEntries(properties.map(([name, property]) => [name, files.has(name) ? file : property])) };
}

function withoutFields(schema: JsonSchema, files: ReadonlySet<string>): JsonSchema {
  const properties = Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, unknown>>);
  return { ...schema, properties: Object.fromEntries(properties.filter(([name]) => !files.has(name))) };
}
