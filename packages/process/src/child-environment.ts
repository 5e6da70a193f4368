import { randomUUID } from 'node:crypto';
import { ownerId } from './owner.ts';

/** The variable that names the process which started a child. */
export const ownerVariable = 'MEDIA_JOBS_OWNER';
/** The variable that names the run to which a child belongs. */
export const runVariable = 'MEDIA_JOBS_RUN';

/** The environment of a child; an `undefined` value takes a variable away. */
export type ChildEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * Variables of this process that would mislead a child and are not handed on, unless `env` names them:
 * options meant for this Node, the numbers of pipes that the child does not have, and marks of a test runner's worker.
 */
export const notHandedOn = Object.freeze(['NODE_OPTIONS', 'NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE', 'NODE_UNIQUE_ID', 'NODE_TEST_CONTEXT'] as const);

/** A chain longer than this is cut at its old end. */
const maxEntries = 8;

/** A child of a child belongs to both: the variable lists all, oldest first. */
function appendEntry(list: string | undefined, entry: string): string {
  const entries = (list ?? '').split(':').filter((text) => text !== '' && text !== entry);
  return [...entries, entry].slice(-maxEntries).join(':');
}

/** The environment of one run, and the mark by which its processes are known. */
export function childEnvironment(env: ChildEnvironment = {}): { readonly environment: Record<string, string>; readonly run: string } {
  const run = randomUUID();
  const inherited: ChildEnvironment = { ...process.env, ...Object.fromEntries(notHandedOn.map((name) => [name, undefined])) };
  const merged: ChildEnvironment = {
    ...inherited,
    ...env,
    [ownerVariable]: appendEntry(process.env[ownerVariable], ownerId()),
    [runVariable]: appendEntry(process.env[runVariable], run),
  };
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(merged)) if (value !== undefined) environment[name] = value;
  return { environment, run };
}
