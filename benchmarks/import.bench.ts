/**
 * What `import '@media-jobs/core'` costs over `import 'zod'`, which every user of it has loaded anyway: the built packages,
 * a fresh process for each figure. Build first: `npm run build`. `node benchmarks/import.bench.ts [rounds]`
 * Ends with exit code 1 when the lowest figures miss the goal.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { alternate, median, report, table } from './report.ts';

const run = promisify(execFile);
const rounds = Number(process.argv[2] ?? 15);
const goalMs = 25;

interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** What the imports cost in a new process with nothing loaded. */
async function costOf(...names: readonly string[]): Promise<Cost> {
  const program = `
    const [startedAt, before] = [performance.now(), process.cpuUsage()];
    for (const name of ${JSON.stringify(names)}) await import(name);
    const { user, system } = process.cpuUsage(before);
    console.log(JSON.stringify({ wallMs: performance.now() - startedAt, cpuMs: (user + system) / 1_000 }));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], { cwd: import.meta.dirname });
  return JSON.parse(stdout) as Cost;
}

await costOf('@media-jobs/core');
const figures = await alternate(rounds, { zod: () => costOf('zod'), core: () => costOf('@media-jobs/core') });
const wall = (costs: readonly Cost[]): number => median(costs.map(({ wallMs }) => wallMs));
const cpu = (costs: readonly Cost[]): number => median(costs.map(({ cpuMs }) => cpuMs));
const lowest = (costs: readonly Cost[]): number => Math.min(...costs.map(({ wallMs }) => wallMs));
const row = (name: string, costs: readonly Cost[]): string[] => [name, wall(costs).toFixed(1), lowest(costs).toFixed(1), cpu(costs).toFixed(1)];
/** Of the runs that nothing disturbed: other work on the machine lengthens the rest by more than what is measured. */
const extraMs = lowest(figures.core) - lowest(figures.zod);

await report('import', 'Cost of the import', `
\`benchmarks/import.bench.ts\`: milliseconds until the import is done, in a fresh process, ${rounds} of each, built packages.

${table([['import', 'median', 'lowest', 'median of processor time'], row('`zod`', figures.zod), row('`@media-jobs/core`, which imports zod', figures.core)])}

Undisturbed, \`@media-jobs/core\` costs ${extraMs.toFixed(1)} ms more than \`zod\` alone; by the medians ${(wall(figures.core) - wall(figures.zod)).toFixed(1)} ms, of which other work on
the machine has its share. The goal is at most ${goalMs} ms.
`);
if (extraMs > goalMs) process.exitCode = 1;
