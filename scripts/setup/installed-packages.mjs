import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** The same version, and the same bytes where both lockfiles know their digest. */
const sameRelease = (wanted, found) =>
  found !== undefined && found.version === wanted.version && (wanted.integrity === undefined || found.integrity === undefined || found.integrity === wanted.integrity);

/**
 * Whether node_modules holds what package-lock.json names. npm writes down what it has installed at the end of each
 * install, so a half-finished one does not pass. Optional packages may be absent: they are for other platforms.
 */
export function installedPackagesFit(root) {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record) || !existsSync(join(root, 'node_modules', '.bin', 'node'))) return false;
  const installed = readJson(record).packages;
  const wanted = Object.entries(readJson(join(root, 'package-lock.json')).packages);
  return wanted.every(([place, entry]) => {
    if (!place.includes('node_modules/')) return true;
    if (entry.link === true) return existsSync(join(root, place));
    if (entry.optional === true && installed[place] === undefined) return true;
    return sameRelease(entry, installed[place]);
  });
}
