import { DatabaseSync } from 'node:sqlite';

/** Holds the write lock of a file from now on, until it is told to let go or its parent ends. */
const [file = ''] = process.argv.slice(2);
const database = new DatabaseSync(file);
database.exec('PRAGMA busy_timeout = 2000; BEGIN IMMEDIATE');
process.send?.('held');
process.once('message', () => {
  database.exec('COMMIT');
  database.close();
  process.disconnect();
});
process.once('disconnect', () => process.exit());
