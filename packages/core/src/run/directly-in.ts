import { sep } from 'node:path';

/** Asks about what lies directly in a folder, by its name; false for all that is deeper. It is asked for every file of a reset: strings are made for few. */
export function directlyIn(folder: string, isKept: (name: string) => boolean): (path: string) => boolean {
  const start = folder + sep;
  return (path) => path.startsWith(start) && !path.includes(sep, start.length) && isKept(path.slice(start.length));
}
