import type { DatabaseSync } from 'node:sqlite';
import { MediaJobError } from '@media-jobs/foundation';
import { applicationId, schemaVersion } from './schema.ts';

/** The one value of a pragma. */
export function pragma(database: DatabaseSync, text: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${text}`).get() ?? {})[0];
}

/**
 * The version of the tables in a file of ours, or `empty`. Writes nothing. Throws `STORE_INCOMPATIBLE` when the file
 * belongs to another program or to a newer version.
 */
export function identify(database: DatabaseSync, file: string): number | 'empty' {
  const version = pragma(database, 'user_version') as number;
  if (pragma(database, 'application_id') !== applicationId) {
    const { tables } = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() as { tables: number };
    if (tables === 0 && version === 0) return 'empty';
    throw new MediaJobError('STORE_INCOMPATIBLE', {
      message: `Expected a job store or an empty file, got the SQLite database of another program (${file}).`,
      advice: 'Choose another `file`; this one was left as it is.',
      facts: { file },
    });
  }
  if (version <= schemaVersion) return version;
  throw new MediaJobError('STORE_INCOMPATIBLE', {
    message: `Expected a job store of schema version ${schemaVersion} or older, got version ${version} (${file}).`,
    advice: 'Update `@media-jobs/sqlite-store` in this process: a newer version has used the file.',
    facts: { file, version, supported: schemaVersion },
  });
}
