import { openAsBlob } from 'node:fs';
import { basename } from 'node:path';
import { MediaJobError } from '@media-jobs/foundation';

/** A body, and what it is. */
export interface SubmitBody {
  readonly headers: Readonly<Record<string, string>>;
  readonly make: () => Promise<NonNullable<RequestInit['body']>>;
}

/** An input as JSON, or as a form where it has files: those are read from the disk while they are sent, and never held. */
export function submitBody(input: Readonly<Record<string, unknown>>, fileFields: readonly string[]): SubmitBody {
  const files = Object.entries(input).filter(([field, value]) => fileFields.includes(field) && typeof value === 'string') as [string, string][];
  const fields = Object.entries(input).filter(([field, value]) => value !== undefined && !files.some(([name]) => name === field));
  if (files.length === 0) return { headers: { 'content-type': 'application/json' }, make: () => Promise.resolve(JSON.stringify(Object.fromEntries(fields))) };
  return {
    // `fetch` names the form's boundary itself.
    headers: {},
    async make() {
      const form = new FormData();
      for (const [field, value] of fields) form.set(field, typeof value === 'string' ? value : JSON.stringify(value));
      for (const [field, path] of files) form.set(field, await openFile(path), basename(path));
      return form;
    },
  };
}

async function openFile(path: string): Promise<Blob> {
  try {
    return await openAsBlob(path);
  } catch (cause) {
    throw new MediaJobError('INPUT_MISSING', { message: `Expected a file at ${JSON.stringify(path)}, got none that can be read.`, advice: 'Check the path.', facts: { path }, cause });
  }
}
