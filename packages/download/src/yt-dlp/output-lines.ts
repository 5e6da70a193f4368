import type { DownloadProgress } from '../downloader.ts';
import { infoMark, partsMark, progressMark } from './arguments.ts';

/** What yt-dlp has told. */
export interface PageInfo {
  readonly title: string | null;
  /** Such as `youtube:…`. */
  readonly source: string | null;
}

/** Longer titles are cut: they are for people, and somebody else writes them. */
const maxTitle = 500;
/** Beyond this many files it is not believed. */
const maxParts = 8;

/** Reads its output line by line. What cannot be read is passed over: nothing depends on it but progress and title. */
export class OutputReader {
  #info: PageInfo = { title: null, source: null };
  #parts = 1;
  #done = 0;
  #bytes = 0;

  get info(): PageInfo {
    return this.#info;
  }

  /** The progress that a line tells; null where it tells none. */
  read(line: string): DownloadProgress | null {
    if (line.startsWith(infoMark)) this.#info = readInfo(line.slice(infoMark.length));
    if (line.startsWith(partsMark)) this.#parts = readParts(line.slice(partsMark.length));
    return line.startsWith(progressMark) ? this.#progress(line.slice(progressMark.length)) : null;
  }

  /** Fewer bytes than before mean the next file. */
  #progress(text: string): DownloadProgress | null {
    const [got, total] = text.trim().split(' ').map((each) => (/^\d{1,15}(?:\.\d+)?$/.test(each) ? Math.round(Number(each)) : null));
    if (got === null || got === undefined) return null;
    if (got < this.#bytes) this.#done = Math.min(this.#parts - 1, this.#done + 1);
    this.#bytes = got;
    const totalBytes = total ?? null;
    const share = totalBytes === null || totalBytes === 0 ? null : Math.min(1, got / totalBytes);
    return { bytes: got, totalBytes, ratio: share === null ? null : (this.#done + share) / this.#parts };
  }
}

function readInfo(text: string): PageInfo {
  const { id, title, extractor_key: site } = parse(text) as { readonly id?: unknown; readonly title?: unknown; readonly extractor_key?: unknown };
  const isNamed = typeof id === 'string' && typeof site === 'string' && /^[\w.:-]{1,200}$/.test(id) && /^\w{1,64}$/.test(site);
  return { title: typeof title === 'string' ? title.slice(0, maxTitle) : null, source: isNamed ? `${site.toLowerCase()}:${id}` : null };
}

function readParts(text: string): number {
  const parts = parse(text);
  return Array.isArray(parts) && parts.length >= 1 && parts.length <= maxParts ? parts.length : 1;
}

function parse(text: string): object {
  try {
    return Object(JSON.parse(text)) as object;
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
