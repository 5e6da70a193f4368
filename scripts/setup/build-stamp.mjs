import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const stampFile = (root) => join(root, 'node_modules', '.cache', 'media-jobs-build');
const packagesOf = (root) => readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name));

function sourcesOf(folder) {
  const own = ['package.json', 'tsconfig.build.json', 'tsup.config.ts'].map((name) => join(folder, name));
  const sources = readdirSync(join(folder, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.test(-d)?\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  return [...own, ...sources].filter((file) => existsSync(file)).sort((left, right) => (left < right ? -1 : 1));
}

/** A digest of all that the build is made from. Take it before the build: sources may change while it runs. */
export function digestOfSources(root) {
  const files = [...packagesOf(root).flatMap(sourcesOf), ...['tsup.base.ts', 'tsconfig.json', 'turbo.json', 'package-lock.json'].map((name) => join(root, name))];
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file.slice(root.length)}\0`).update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

/** Whether the packages were built from the sources of this digest. Cheaper by a second than asking turbo. */
export function buildIsCurrent(root, digest) {
  if (!packagesOf(root).every((folder) => existsSync(join(folder, 'dist', 'index.js')))) return false;
  return existsSync(stampFile(root)) && readFileSync(stampFile(root), 'utf8') === digest;
}

/** Writes down which sources the packages were built from. */
export function rememberBuild(root, digest) {
  mkdirSync(dirname(stampFile(root)), { recursive: true });
  writeFileSync(stampFile(root), digest);
}
