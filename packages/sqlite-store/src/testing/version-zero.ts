import { DatabaseSync } from 'node:sqlite';
import { applicationId } from '../schema.ts';

/** Makes a file as version 0 had it, by hand: records under their ids, and an epoch. `records` are texts, whatever they say. */
export function writeVersionZero(file: string, epoch: string, records: Readonly<Record<string, string>>): void {
  const database = new DatabaseSync(file);
  try {
    database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = 0; BEGIN;
      CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
      CREATE TABLE jobs (id TEXT PRIMARY KEY, record TEXT NOT NULL);`);
    database.prepare("INSERT INTO meta VALUES ('epoch', ?)").run(epoch);
    const insert = database.prepare('INSERT INTO jobs VALUES (?, ?)');
    for (const [id, record] of Object.entries(records)) insert.run(id, record);
    database.exec('COMMIT');
  } finally {
    database.close();
  }
}
