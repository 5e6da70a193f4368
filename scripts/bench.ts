// Runs benchmarks one after the other; each writes its section of docs/benchmarks.md.
//
//   npm run bench                       all
//   npm run bench -- overhead runner    these
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../benchmarks/', import.meta.url));
const ending = '.bench.ts';
const known = readdirSync(folder).filter((name) => name.endsWith(ending)).map((name) => name.slice(0, -ending.length));
const wanted = process.argv.length > 2 ? process.argv.slice(2) : known;
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`Expected names of benchmarks (${known.join(', ')}), got ${unknown.join(', ')}.`);
  process.exit(2);
}
for (const name of wanted) {
  console.error(`${name} …`);
  const { status } = spawnSync(process.execPath, ['--conditions=@media-jobs/source', `${folder}${name}${ending}`], { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}
