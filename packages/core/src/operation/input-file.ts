import { z } from 'zod';

/** Marks a field; zod keeps it in its registry, so it also stands in a JSON schema made from the operation. */
const mark = 'input-file';

/** Wrappers that leave what they wrap a field of the same kind. */
const wrappers: ReadonlySet<string> = new Set(['optional', 'nullable', 'default', 'prefault', 'nonoptional', 'readonly', 'catch']);

interface Definition {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly shape?: Readonly<Record<string, z.ZodType>>;
}

/**
 * A field of an operation's input that names a file. The caller gives a path; the job takes the bytes in, and
 * `run` finds the absolute path of the job's own copy in the same field. The bytes are part of the identity, the name
 * is not. It may be optional, nullable or have a default, and stands at the top level of the input.
 */
export function inputFile(): z.ZodString {
  return z.string().min(1).meta({ mediaJobs: mark });
}

/** Names of the fields of an object schema that are input files. */
export function inputFileFields(schema: z.ZodType): readonly string[] {
  return Object.entries(definition(schema).shape ?? {}).flatMap(([name, field]) => (isInputFile(field) ? [name] : []));
}

/** Names of the fields that hold an input file where it would not be found: in a list, a union or a nested object. */
export function buriedFileFields(schema: z.ZodType): readonly string[] {
  return Object.entries(definition(schema).shape ?? {}).flatMap(([name, field]) => (!isInputFile(field) && holdsInputFile(field) ? [name] : []));
}

function definition(schema: z.ZodType): Definition {
  return schema.def;
}

function isInputFile(schema: z.ZodType): boolean {
  const { type, innerType } = definition(schema);
  if (innerType !== undefined && wrappers.has(type)) return isInputFile(innerType);
  return schema.meta()?.['mediaJobs'] === mark;
}

function holdsInputFile(schema: z.ZodType): boolean {
  if (isInputFile(schema)) return true;
  const { innerType, element, options, shape } = definition(schema);
  return [innerType, element, ...(options ?? []), ...Object.values(shape ?? {})].some((part) => part !== undefined && holdsInputFile(part));
}
