// Puts back what npm leaves out of package-lock.json when the registry at hand lacks optional packages of other
// platforms: `npm ci` refuses such a lockfile everywhere. Run it after each change of dependencies.
//
//   node scripts/complete-lockfile.mjs            completes package-lock.json
//   node scripts/complete-lockfile.mjs --check    only tells what is missing; exit code 1 when something is
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const platforms = { android: 'android', darwin: 'darwin', freebsd: 'freebsd', linux: 'linux', openbsd: 'openbsd', openharmony: 'openharmony', win32: 'win32', windows: 'win32' };
const processors = { 64: 'x64', arm: 'arm', arm64: 'arm64', ia32: 'ia32', loong64: 'loong64', ppc64: 'ppc64', riscv64: 'riscv64', s390x: 's390x', x64: 'x64' };
const libraries = { gnu: 'glibc', musl: 'musl' };

/** The lockfile's entry of a package that is built for one platform; its name says which. */
function entryOf(name, version, parent) {
  const words = name.split(/[/-]/);
  const find = (table) => words.filter((word) => Object.hasOwn(table, word)).map((word) => table[word]);
  const [os, cpu, libc] = [find(platforms), find(processors), find(libraries)];
  if (os.length === 0) throw new Error(`Expected the name of ${name} to tell its platform; add it to the lockfile by hand.`);
  return {
    version,
    ...(cpu.length === 0 ? {} : { cpu }),
    ...(parent.dev === true ? { dev: true } : {}),
    ...(os[0] === 'linux' && libc.length > 0 ? { libc } : {}),
    ...(parent.license === undefined ? {} : { license: parent.license }),
    optional: true,
    os,
  };
}

/** The optional packages that the lockfile's packages ask for and that it does not hold, as `[key, entry]`. */
export function missingEntries(lockfile) {
  const missing = new Map();
  for (const [key, parent] of Object.entries(lockfile.packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      const places = [`${key}/node_modules/${name}`, `node_modules/${name}`];
      if (places.some((place) => Object.hasOwn(lockfile.packages, place))) continue;
      missing.set(`node_modules/${name}`, entryOf(name, version, parent));
    }
  }
  return [...missing];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = fileURLToPath(new URL('../package-lock.json', import.meta.url));
  const lockfile = JSON.parse(readFileSync(file, 'utf8'));
  const missing = missingEntries(lockfile);
  console.log(missing.length === 0 ? 'The lockfile is complete.' : `Missing: ${missing.map(([key]) => key).join(', ')}`);
  if (process.argv.includes('--check')) {
    process.exitCode = missing.length === 0 ? 0 : 1;
  } else if (missing.length > 0) {
    const sorted = [...Object.entries(lockfile.packages), ...missing].sort(([left], [right]) => left.localeCompare(right, 'en'));
    writeFileSync(file, `${JSON.stringify({ ...lockfile, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
  }
}
