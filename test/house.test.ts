import { readFileSync, existsSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { withErrorTable } from '../scripts/write-errors-doc.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const packages = readdirSync(join(root, 'packages'));
const skipped = new Set(['node_modules', 'dist', '.git', '.turbo', 'made', 'work']);

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (skipped.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path, ending);
    return entry.name.endsWith(ending) ? [path] : [];
  });
}

const read = (path: string): string => readFileSync(path, 'utf8');

test.each(packages)('%s has a README whose first code stands before line 40', (name) => {
  const lines = read(join(root, 'packages', name, 'README.md')).split('\n');
  const first = lines.findIndex((line) => line.startsWith('```ts') || line.startsWith('```sh'));
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThan(40);
});

test('the page on errors lists exactly the table of codes', () => {
  const page = read(join(root, 'docs/errors.md'));
  expect(withErrorTable(page)).toBe(page);
});

test('every link between pages leads to a file that exists', () => {
  const dead = filesBelow(root, '.md').flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:|mailto:|#)([^)\s#]+)/g)]
      .map((match) => join(dirname(page), decodeURIComponent(match[1] ?? '')))
      .filter((target) => !existsSync(target))
      .map((target) => `${relative(root, page)} -> ${relative(root, target)}`),
  );
  expect(dead).toEqual([]);
});

test('no module re-exports everything of another or has a default export', () => {
  const offenders = packages.flatMap((name) =>
    filesBelow(join(root, 'packages', name, 'src'), '.ts').filter((file) => /^export (\*|default)/m.test(read(file))),
  );
  expect(offenders.map((file) => relative(root, file))).toEqual([]);
});

test('each dependency of a package has its line in the list of dependencies', () => {
  const list = read(join(root, 'docs/decisions/dependencies.md'));
  const missing = packages.flatMap((name) => {
    const manifest = JSON.parse(read(join(root, 'packages', name, 'package.json'))) as Record<string, Record<string, string> | undefined>;
    return Object.keys({ ...manifest['dependencies'], ...manifest['peerDependencies'] }).filter((dependency) => !dependency.startsWith('@media-jobs/') && !list.includes(`| ${dependency} |`));
  });
  expect(missing).toEqual([]);
});

test('no file names a path of the machine it was written on or the host of a package registry', () => {
  const pattern = new RegExp(['/work/(main|shared)', '/root/', 'registry\\.npmjs', 'deb\\.debian\\.org'].join('|'));
  const files = ['.ts', '.mjs', '.md', '.json', '.sh', '.yml'].flatMap((ending) => filesBelow(root, ending));
  const offenders = files.filter((file) => !file.endsWith('house.test.ts') && pattern.test(read(file)));
  expect(offenders.map((file) => relative(root, file))).toEqual([]);
});

test('the command of Redis that empties all databases of a server stands nowhere', () => {
  const command = ['FLUSH', 'ALL'].join('');
  const files = ['.ts', '.mjs', '.lua', '.sh'].flatMap((ending) => filesBelow(root, ending));
  expect(files.filter((file) => read(file).toUpperCase().includes(command)).map((file) => relative(root, file))).toEqual([]);
});
