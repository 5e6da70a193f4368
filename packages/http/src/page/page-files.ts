import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One file of the page, held in memory: all of them together are smaller than one second of speech. */
export interface PageFile {
  readonly bytes: Buffer;
  readonly mediaType: string;
  /** Tag of its content, for conditional requests. */
  readonly tag: string;
}

const mediaTypes: Readonly<Record<string, string>> = Object.freeze({
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
});

/** Beside this file in the sources, and beside the built one, where the build puts them. */
const folder = new URL('./static/', import.meta.url);

/** The files of the page by their names. */
export function readPageFiles(): ReadonlyMap<string, PageFile> {
  return new Map(readdirSync(fileURLToPath(folder)).flatMap((name) => {
    const mediaType = mediaTypes[extname(name)];
    if (mediaType === undefined) return [];
    const bytes = readFileSync(new URL(name, folder));
    return [[name, { bytes, mediaType, tag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"` }] as const];
  }));
}
