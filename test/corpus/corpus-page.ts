import type { CorpusFile } from './corpus-files.ts';
import { mutations } from './mutations.ts';
import type { Outcome } from './try-file.ts';

/** A file and how it ended. */
export interface Tried {
  readonly file: CorpusFile;
  readonly outcome: Outcome;
}

const marker = '<!-- corpus -->';

/** The page with its tables written anew behind the marker. */
export function withCorpusTables(page: string, tried: readonly Tried[], seed: number): string {
  const head = page.slice(0, page.indexOf(marker) + marker.length);
  const longest = Math.max(...tried.map(({ outcome }) => outcome.elapsedMs));
  const memory = Math.max(...tried.map(({ outcome }) => outcome.peakRssBytes));
  const faults = tried.flatMap(({ outcome }) => outcome.faults).length;
  return [
    head,
    '',
    `${tried.length} files, seed ${seed}: ${faults} broken promises. The longest took ${(longest / 1000).toFixed(1)} s, the largest child had ${Math.round(memory / 1_048_576)} MiB in memory.`,
    '',
    '## By container and mutation',
    '',
    'How many of how many were refused; the others gave sound, verified.',
    '',
    ...matrix(tried),
    '',
    '## What they were called',
    '',
    ...byCode(tried),
    '',
  ].join('\n');
}

function matrix(tried: readonly Tried[]): readonly string[] {
  const columns = mutations.map(({ name }) => name);
  const rows = [...new Set(tried.map(({ file }) => file.container))].filter((container) => tried.some(({ file }) => file.container === container && columns.includes(file.mutation)));
  const cell = (container: string, mutation: string): string => {
    const of = tried.filter(({ file }) => file.container === container && file.mutation === mutation);
    return of.length === 0 ? '' : `${of.filter(({ outcome }) => outcome.code !== 'ok').length}/${of.length}`;
  };
  return [`| container | ${columns.join(' | ')} |`, `|---|${columns.map(() => '---|').join('')}`, ...rows.map((row) => `| ${row} | ${columns.map((column) => cell(row, column)).join(' | ')} |`)];
}

function byCode(tried: readonly Tried[]): readonly string[] {
  const kinds = [...new Set(tried.map(({ file }) => file.mutation))];
  const count = (kind: string): string => {
    const codes = new Map<string, number>();
    for (const { file, outcome } of tried) if (file.mutation === kind) codes.set(outcome.code, (codes.get(outcome.code) ?? 0) + 1);
    return [...codes].sort(([, more], [, less]) => less - more).map(([code, times]) => `${code} ${times}`).join(', ');
  };
  return ['| mutation | files | how they ended |', '|---|---|---|', ...kinds.map((kind) => `| ${kind} | ${tried.filter(({ file }) => file.mutation === kind).length} | ${count(kind)} |`)];
}
