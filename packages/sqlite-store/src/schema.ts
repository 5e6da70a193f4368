/** Marks a database file as one of ours (`PRAGMA application_id`): "mjob" in ASCII. */
export const applicationId = 0x6d6a6f62;

/** Version of the tables below (`PRAGMA user_version`). A file with a higher one is refused; lower ones are upgraded. */
export const schemaVersion = 1;

/**
 * - `epochs`: each reset adds one; the last is the present. Its number, the era, is short and grows, so that rows carry
 *   it instead of the epoch.
 * - `meta`: the shared settings, and the counters of look-ups and of records set aside.
 * - `jobs`: `record`, the job as JSON, is the truth. Every other column is derived from it by `columnsOf` whenever it is
 *   written, and is there only to be searched. `due_at` is when the state next wants attention.
 * - `set_aside`: records that could not be read, kept for people.
 * - `changes`: a short ring of what moved last, for watchers in other processes.
 */
const tables = `
CREATE TABLE epochs (era INTEGER PRIMARY KEY, epoch TEXT NOT NULL) STRICT;
CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE jobs (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  era INTEGER NOT NULL,
  operation TEXT NOT NULL,
  namespace TEXT NOT NULL,
  state TEXT NOT NULL,
  dead_letter INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  queued_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  files INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  wall_ms INTEGER NOT NULL,
  record TEXT NOT NULL
) STRICT;
CREATE TABLE set_aside (
  number INTEGER PRIMARY KEY,
  era INTEGER NOT NULL,
  id TEXT NOT NULL,
  set_aside_at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  record ANY
) STRICT;
CREATE TABLE changes (
  number INTEGER PRIMARY KEY,
  origin INTEGER NOT NULL,
  id TEXT NOT NULL,
  generation INTEGER NOT NULL,
  state TEXT NOT NULL,
  progress REAL NOT NULL,
  phase TEXT NOT NULL
) STRICT;
`;

/** One index for each question that is asked, so that none costs more with a million records. */
const indexes = `
CREATE UNIQUE INDEX jobs_by_id ON jobs (id, era);
CREATE INDEX jobs_in_line ON jobs (era, operation, priority DESC, queued_at, sequence) WHERE state = 'queued';
CREATE INDEX jobs_due ON jobs (era, state, due_at);
CREATE INDEX jobs_newest ON jobs (era, operation, state, dead_letter, created_at, id);
CREATE INDEX jobs_newest_of_namespace ON jobs (era, namespace, state, created_at, id) WHERE namespace <> '';
CREATE INDEX jobs_longest ON jobs (era, operation, wall_ms) WHERE state = 'completed';
`;

/**
 * What `stats` tells, counted by triggers whenever a row changes, so that it need not be counted when it is asked. Its
 * rows also say which kinds of jobs there are at all, which `list` needs.
 */
const tallies = `
CREATE TABLE tallies (
  era INTEGER NOT NULL,
  operation TEXT NOT NULL,
  state TEXT NOT NULL,
  dead_letter INTEGER NOT NULL,
  jobs INTEGER NOT NULL,
  files INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  wall_ms INTEGER NOT NULL,
  PRIMARY KEY (era, operation, state, dead_letter)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER jobs_counted AFTER INSERT ON jobs BEGIN
  ${addToTally('NEW')}
END;
CREATE TRIGGER jobs_uncounted AFTER DELETE ON jobs BEGIN
  ${takeFromTally('OLD')}
END;
CREATE TRIGGER jobs_recounted AFTER UPDATE ON jobs
WHEN (OLD.era, OLD.operation, OLD.state, OLD.dead_letter, OLD.files, OLD.bytes, OLD.wall_ms)
  IS NOT (NEW.era, NEW.operation, NEW.state, NEW.dead_letter, NEW.files, NEW.bytes, NEW.wall_ms) BEGIN
  ${takeFromTally('OLD')}
  ${addToTally('NEW')}
END;
`;

function addToTally(row: 'NEW' | 'OLD'): string {
  return `INSERT INTO tallies VALUES (${row}.era, ${row}.operation, ${row}.state, ${row}.dead_letter, 1, ${row}.files, ${row}.bytes, ${row}.wall_ms)
    ON CONFLICT DO UPDATE SET jobs = jobs + 1, files = files + excluded.files, bytes = bytes + excluded.bytes, wall_ms = wall_ms + excluded.wall_ms;`;
}

function takeFromTally(row: 'NEW' | 'OLD'): string {
  return `UPDATE tallies SET jobs = jobs - 1, files = files - ${row}.files, bytes = bytes - ${row}.bytes, wall_ms = wall_ms - ${row}.wall_ms
    WHERE era = ${row}.era AND operation = ${row}.operation AND state = ${row}.state AND dead_letter = ${row}.dead_letter;`;
}

/** Rows that `changes` and `set_aside` keep. A watcher that is further behind misses hints, and nothing else. */
const kept = 1_000;

/** The ring is trimmed a hundred at a time, so that most writes do not touch its old end. */
const trims = `
CREATE TRIGGER changes_trimmed AFTER INSERT ON changes WHEN NEW.number % 100 = 0 BEGIN
  DELETE FROM changes WHERE number <= NEW.number - ${kept};
END;
CREATE TRIGGER set_aside_trimmed AFTER INSERT ON set_aside BEGIN
  DELETE FROM set_aside WHERE number <= NEW.number - ${kept};
END;
`;

/** Makes everything in an empty database; run in one transaction. */
export const createEverything: string = tables + indexes + tallies + trims;
