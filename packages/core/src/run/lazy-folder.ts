import { mkdirSync } from 'node:fs';

/** A folder that is made when it is first asked for: most jobs of some operations need none. */
export interface LazyFolder {
  /** Absolute. Whoever reads it finds the folder there. */
  readonly path: string;
  /** Whether it was asked for: else there is nothing on disk. */
  isMade(): boolean;
}

/** A sweep may take an empty parent away just as it is stepped into. */
const attempts = 10;

export function createLazyFolder(path: string): LazyFolder {
  let made = false;
  return Object.freeze({
    get path(): string {
      if (!made) makeFolder(path);
      made = true;
      return path;
    },
    isMade: () => made,
  });
}

function makeFolder(path: string): void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === attempts) throw error;
    }
  }
}
