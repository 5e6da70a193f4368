import { readFile, rename, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

const benchmarksPage = new URL('../docs/benchmarks.md', import.meta.url);

const intro = `# Benchmarks

Each section is written by the program that it names; run that again to bring it up to date. Figures of one table were
measured in one run, in alternating rounds, and are medians: compare inside a table, not between machines.
`;

/** The middle value; of an even count, the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}

/** Runs each measurement once in every round, so that whatever slows the machine slows all alike. Resolves with all figures. */
export async function alternate<Name extends string, Figure>(rounds: number, measurements: Readonly<Record<Name, () => Promise<Figure>>>): Promise<Readonly<Record<Name, readonly Figure[]>>> {
  const names = Object.keys(measurements) as Name[];
  const figures = Object.fromEntries(names.map((name) => [name, [] as Figure[]])) as unknown as Record<Name, Figure[]>;
  for (let round = 1; round <= rounds; round += 1) {
    process.stderr.write(`round ${round} of ${rounds}\n`);
    // Every other round in reverse order, so that none always runs on what another has warmed up.
    for (const name of round % 2 === 0 ? names.toReversed() : names) figures[name].push(await measurements[name]());
  }
  return figures;
}

/** A Markdown table; the first row is its head. */
export function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  return [head, head.map(() => '---'), ...body].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** Prints a section and puts it between its markers in a page, `docs/benchmarks.md` unless another is named, which is made when it is missing. */
export async function report(name: string, title: string, text: string, page: URL = benchmarksPage): Promise<void> {
  const section = `<!-- ${name} -->\n## ${title}\n\n${text.trim()}\n\n${machine()}\n<!-- /${name} -->`;
  console.log(section);
  const before = await readFile(page, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return intro;
    throw error;
  });
  const place = new RegExp(`<!-- ${name} -->[\\s\\S]*?<!-- /${name} -->`);
  const after = place.test(before) ? before.replace(place, () => section) : `${before.trimEnd()}\n\n${section}\n`;
  const unfinished = new URL(`${page.href}.${process.pid}.part`);
  await writeFile(unfinished, after);
  await rename(unfinished, page);
}

/** Where the load of the last five minutes is above the number of processors, wall time is mostly waiting. */
function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  return `*${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}, ${process.platform}, load at the end ${(loadavg()[1] ?? 0).toFixed(1)}*`;
}
