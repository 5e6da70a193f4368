import type sqliteModule from 'node:sqlite';
import { MediaJobError } from '@media-jobs/foundation';

type Sqlite = typeof sqliteModule;

/** True for the notice that Node 22 gives when `node:sqlite` is first loaded. */
function isSqliteNotice(warning: unknown): boolean {
  return typeof warning === 'string' && warning.startsWith('SQLite is an experimental feature');
}

/**
 * Node's own SQLite, loaded when it is first needed.
 *
 * Node 22 calls the module experimental and says so on stderr; Node 24 does not. Our tests run on both, so that one notice
 * is held back, for the length of this synchronous call only: no other code can run meanwhile, and any other warning passes.
 * Throws `STORE_UNAVAILABLE` when this Node was built without SQLite.
 */
export function loadSqlite(): Sqlite {
  // oxlint-disable-next-line typescript/unbound-method -- it is put back exactly as it was
  const emitWarning = process.emitWarning;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    if (!isSqliteNotice(warning)) Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
  try {
    const sqlite = process.getBuiltinModule('node:sqlite') as Sqlite | undefined;
    if (sqlite !== undefined) return sqlite;
  } finally {
    process.emitWarning = emitWarning;
  }
  throw new MediaJobError('STORE_UNAVAILABLE', {
    message: `Expected a Node with \`node:sqlite\`, got ${process.version} without it.`,
    advice: 'Use Node 22.18 or newer, built with SQLite, as the official builds are.',
  });
}
