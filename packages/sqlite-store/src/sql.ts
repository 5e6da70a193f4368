/** Columns of a row that is read. */
const row = 'number, id, record';

/** One branch of a search over several states, each of which has its own stretch of the index. */
const expiredOf = (state: string): string =>
  `SELECT * FROM (SELECT ${row}, due_at FROM jobs WHERE era = ?1 AND state = '${state}' AND due_at <= ?2 ORDER BY due_at LIMIT ?3)`;

/** Every statement that a method runs. A test holds each against the query plan: none may walk through a table. */
export const sql = Object.freeze({
  presentEpoch: 'SELECT era, epoch FROM epochs ORDER BY era DESC LIMIT 1',
  addEpoch: 'INSERT INTO epochs (era, epoch) VALUES (?, ?)',
  forgetEpochs: 'DELETE FROM epochs WHERE era < ?',

  find: `SELECT ${row} FROM jobs WHERE id = ? AND era = ?`,
  findByNumber: `SELECT ${row} FROM jobs WHERE number = ?`,
  put: `INSERT INTO jobs (id, era, operation, namespace, state, dead_letter, priority, sequence, created_at, queued_at, due_at, files, bytes, wall_ms, record)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id, era) DO UPDATE SET
      operation = excluded.operation, namespace = excluded.namespace, state = excluded.state, dead_letter = excluded.dead_letter, priority = excluded.priority,
      sequence = excluded.sequence, created_at = excluded.created_at, queued_at = excluded.queued_at, due_at = excluded.due_at,
      files = excluded.files, bytes = excluded.bytes, wall_ms = excluded.wall_ms, record = excluded.record`,
  remove: 'DELETE FROM jobs WHERE number = ?',
  removeById: 'DELETE FROM jobs WHERE id = ? AND era = ?',

  inLine: `SELECT ${row} FROM jobs WHERE era = ? AND operation = ? AND state = 'queued' ORDER BY priority DESC, queued_at, sequence LIMIT ?`,
  lapsed: `SELECT ${row} FROM jobs WHERE era = ? AND state = 'running' AND due_at <= ? ORDER BY due_at LIMIT ?`,
  wakeable: `SELECT ${row} FROM jobs WHERE era = ? AND state = 'retrying' AND due_at <= ? ORDER BY due_at LIMIT ?`,
  standing: `SELECT ${row} FROM jobs WHERE era = ? AND state = 'queued' AND due_at <= ? ORDER BY due_at LIMIT ?`,
  expired: `${['completed', 'failed', 'cancelled', 'expiring'].map(expiredOf).join(' UNION ALL ')} ORDER BY due_at LIMIT ?3`,
  newest: `SELECT number, created_at AS createdAt, id FROM jobs
    WHERE era = ? AND operation = ? AND state = ? AND dead_letter = ? AND (created_at, id) < (?, ?) ORDER BY created_at DESC, id DESC LIMIT ?`,
  newestOfNoNamespace: `SELECT number, created_at AS createdAt, id FROM jobs
    WHERE era = ? AND operation = ? AND state = ? AND dead_letter = ? AND (created_at, id) < (?, ?) AND namespace = '' ORDER BY created_at DESC, id DESC LIMIT ?`,
  newestOfNamespace: `SELECT number, created_at AS createdAt, id FROM jobs
    WHERE era = ? AND namespace = ? AND namespace <> '' AND state = ? AND (created_at, id) < (?, ?) AND operation = coalesce(?, operation) AND dead_letter = coalesce(?, dead_letter)
    ORDER BY created_at DESC, id DESC LIMIT ?`,

  kinds: 'SELECT operation, state, dead_letter AS deadLetter, jobs, files, bytes, wall_ms AS wallMs FROM tallies WHERE era = ? AND jobs > 0',
  waiting: `SELECT coalesce(sum(jobs), 0) AS jobs FROM tallies WHERE era = ? AND operation = ? AND state IN ('queued', 'retrying')`,
  longest: `SELECT max(wall_ms) AS wallMs FROM jobs WHERE era = ? AND operation = ? AND state = 'completed'`,
  oldestWaiting: `SELECT min(due_at) AS since FROM jobs WHERE era = ? AND state = 'queued'`,

  countOlder: 'SELECT coalesce(sum(jobs), 0) AS jobs FROM tallies WHERE era < ?',
  removeOlder: 'DELETE FROM jobs WHERE number IN (SELECT number FROM jobs WHERE era < ? LIMIT ?)',
  removeOlderSetAside: 'DELETE FROM set_aside WHERE era < ?',
  forgetTallies: 'DELETE FROM tallies WHERE era < ? AND jobs = 0',

  setAside: 'INSERT INTO set_aside (era, id, set_aside_at, reason, record) VALUES (?, ?, ?, ?, ?)',

  addChange: 'INSERT INTO changes (origin, id, generation, state, progress, phase) VALUES (?, ?, ?, ?, ?, ?)',
  lastChange: 'SELECT coalesce(max(number), 0) AS number FROM changes',
  changesSince: 'SELECT id, generation, state, progress, phase FROM changes WHERE number > ? AND origin <> ? ORDER BY number',

  getMeta: 'SELECT value FROM meta WHERE key = ?',
  setMeta: 'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  count: 'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = value + excluded.value',
  forgetCounts: "DELETE FROM meta WHERE key IN ('hit', 'miss', 'corrupt')",
  dataVersion: 'PRAGMA data_version',
  freePages: 'PRAGMA freelist_count',
  pages: 'PRAGMA page_count',
});
