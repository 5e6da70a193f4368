/** Of what an answer says about its body, that which a resumed download depends on. */
export interface AnswerFacts {
  /** Where its body begins in the file. */
  readonly start: number;
  /** Size of the whole file; null when the server does not tell. */
  readonly totalBytes: number | null;
  /** Names this state of the file: a strong ETag, else the time of its last change; null when the server gives neither. */
  readonly validator: string | null;
}

/** Reads the headers of a 200 or 206; null when they contradict themselves. */
export function answerFacts(status: number, headers: Headers): AnswerFacts | null {
  const validator = validatorOf(headers);
  const length = wholeNumber(headers.get('content-length'));
  if (status !== 206) return { start: 0, totalBytes: length, validator };
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
  if (range === null) return null;
  const [start, end, total] = [Number(range[1]), Number(range[2]), range[3] === '*' ? null : Number(range[3])];
  const isSound = end >= start && (total === null || end < total) && (length === null || length === end - start + 1);
  return isSound ? { start, totalBytes: total, validator } : null;
}

/** The size that a 416 tells; null when it does not. */
export function sizeOfUnsatisfied(headers: Headers): number | null {
  return wholeNumber(/^bytes \*\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1] ?? null);
}

/** A weak ETag says that two files mean the same, not that their bytes are (RFC 9110, section 8.8.1). */
function validatorOf(headers: Headers): string | null {
  const etag = headers.get('etag');
  return etag !== null && /^"[^"]*"$/.test(etag) ? etag : headers.get('last-modified');
}

function wholeNumber(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** Milliseconds that `Retry-After` asks for, as seconds or as a date; null when there is none that can be read. */
export function retryAfterMs(headers: Headers, now: number): number | null {
  const text = headers.get('retry-after')?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : Math.max(0, time - now);
}
