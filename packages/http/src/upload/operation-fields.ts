import { inputFileFields, type AnyMediaJobs, type Operation } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import type { z } from 'zod';

/** What an operation takes, as a form or JSON may bring it. */
export interface OperationFields {
  /** Its name is for messages. */
  readonly operation: Pick<Operation, 'name'>;
  /** Names of the fields that are files. */
  readonly files: ReadonlySet<string>;
  readonly shape: Readonly<Record<string, z.ZodType>>;
  /** Whether fields beside those of the shape are its own business. */
  readonly takesOthers: boolean;
}

/** The operation that is asked for; the only one, where none is named. Throws `UNKNOWN_OPERATION`, `INVALID_OPTION`. */
export function findOperation({ operations }: Pick<AnyMediaJobs, 'operations'>, name: string | undefined): OperationFields {
  const names = operations.map((operation) => operation.name);
  const [only] = operations;
  if (name === undefined && (operations.length !== 1 || only === undefined)) {
    throw new MediaJobError('INVALID_OPTION', { message: `Expected \`operation\` in the query to be one of ${names.join(', ')}, got nothing.`, advice: 'Name the operation, as in `POST /jobs?operation=…`.', facts: { field: 'operation', names } });
  }
  const operation = name === undefined ? only : operations.find((one) => one.name === name);
  if (operation === undefined) {
    throw new MediaJobError('UNKNOWN_OPERATION', { message: `Expected the name of an operation (${names.join(', ')}), got ${JSON.stringify(name?.slice(0, 80))}.`, advice: 'Correct the name.', facts: { names } });
  }
  return fieldsOf(operation);
}

/** Looks at the schema of an operation's input. */
export function fieldsOf(operation: Operation): OperationFields {
  const { shape, catchall } = operation.input.def as { readonly shape?: Readonly<Record<string, z.ZodType>>; readonly catchall?: z.ZodType };
  const takesOthers = catchall !== undefined && catchall.def.type !== 'never';
  return { operation, files: new Set(inputFileFields(operation.input)), shape: shape ?? {}, takesOthers };
}

/** Refuses what the operation does not know, also where its schema would drop it in silence; and paths of ours that a caller names. Throws `INVALID_INPUT`. */
export function requireKnownFields({ operation, files, shape, takesOthers }: OperationFields, names: readonly string[]): void {
  const unknown = takesOthers ? [] : names.filter((name) => !Object.hasOwn(shape, name));
  if (unknown.length > 0) throw wrongFields(operation, unknown, `absent, got an unknown field; it takes ${Object.keys(shape).join(', ')}`, 'Correct the names of the fields.');
  const paths = names.filter((name) => files.has(name));
  if (paths.length > 0) throw wrongFields(operation, paths, 'an uploaded file, got a text', 'Send it as a file of a `multipart/form-data` form.');
}

/** An `INVALID_INPUT` about these fields. */
export function wrongFields(operation: Pick<Operation, 'name'>, fields: readonly string[], expected: string, advice: string): MediaJobError {
  const names = fields.map((field) => `\`${field.slice(0, 80)}\``).join(', ');
  return new MediaJobError('INVALID_INPUT', { message: `Expected ${names} of \`${operation.name}\` to be ${expected}.`, advice, facts: { operation: operation.name, fields } });
}
