import { readFile, writeFile } from 'node:fs/promises';
import { errorCodes } from '@media-jobs/foundation';

/** The table of codes as Markdown, in the order of the source. */
export function errorTable(): string {
  const rows = Object.entries(errorCodes).map(([code, entry]) => `| \`${code}\` | ${entry.class} | ${entry.httpStatus} | ${entry.meaning} |`);
  return ['| code | class | HTTP | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

/** The document with its table replaced by the present one. */
export function withErrorTable(document: string): string {
  return document.replace(/<!-- codes -->[\s\S]*<!-- \/codes -->/, `<!-- codes -->\n${errorTable()}\n<!-- /codes -->`);
}

if (import.meta.main) {
  const file = new URL('../docs/errors.md', import.meta.url);
  await writeFile(file, withErrorTable(await readFile(file, 'utf8')));
}
