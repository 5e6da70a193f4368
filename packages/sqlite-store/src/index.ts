export { createSqliteStore } from './sqlite-store.ts';
export { sqliteStoreDefaults, type SqliteStoreOptions } from './options.ts';
