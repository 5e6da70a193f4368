import type { Scope } from './scope.ts';
import { sql } from './sql.ts';

/** Pages that are given back at once: 4 MB, about 10 ms. */
const pagesAtOnce = 1_000;

function count({ statements }: Scope, pragma: string): number {
  return Object.values(statements.get(pragma) as Record<string, number>)[0] ?? 0;
}

/** Whether most of the file is empty, and enough of it to matter: SQLite keeps free pages for later rows, which is right for a few. */
export function isMostlyFree(scope: Scope): boolean {
  const free = count(scope, sql.freePages);
  return free >= pagesAtOnce && free > count(scope, sql.pages) / 2;
}

/** Gives free pages back to the disk, which shrinks with the next checkpoint. True while there are more. */
export function giveBackPages(scope: Scope): boolean {
  const before = count(scope, sql.freePages);
  if (before === 0) return false;
  scope.statements.all(`PRAGMA incremental_vacuum(${pagesAtOnce})`);
  const after = count(scope, sql.freePages);
  return after > 0 && after < before;
}
