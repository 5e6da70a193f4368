import type { Segment } from '@media-jobs/core';

/** Two chunks hold the sound around a hard cut; all times are of the whole audio, in seconds. */
export interface Seam {
  readonly cut: number;
  /** Sound on each side of the cut that both have heard. */
  readonly overlap: number;
}

export interface Joined {
  readonly before: readonly Segment[];
  readonly after: readonly Segment[];
}

/** Engines tell times of words within half a second or so. */
const toleranceSeconds = 0.5;
/** The same word heard twice; times of words may be estimates. */
const sameWordSeconds = 1;

interface Token {
  readonly text: string;
  readonly time: number;
  readonly segment: number;
  /** Among the words of its segment. */
  readonly index: number;
}

const words = new Intl.Segmenter(undefined, { granularity: 'word' });

/**
 * Takes out what both chunks have heard. Their words around the cut are laid over each other at the longest run that both
 * hold, cut-off words included; where there is none, each keeps what lies on its side of the cut.
 */
export function joinAtCut(before: readonly Segment[], after: readonly Segment[], { cut, overlap }: Seam): Joined {
  const reach = overlap + toleranceSeconds;
  const tail = tokensOf(before).filter(({ time }) => time >= cut - reach);
  const head = tokensOf(after).filter(({ time }) => time <= cut + reach);
  const run = longestRun(tail, head, cut);
  const droppedTail = run === undefined ? tail.filter(({ time }) => time >= cut) : tail.slice(run.tail + run.kept);
  const droppedHead = run === undefined ? head.filter(({ time }) => time < cut) : head.slice(0, run.head + run.kept);
  return { before: without(before, droppedTail), after: without(after, droppedHead) };
}

/** Words that both hold, from `tail` and `head` on; the first `kept` of them stay where they were, the others in what comes after. */
interface CommonRun {
  readonly tail: number;
  readonly head: number;
  readonly kept: number;
}

function longestRun(tail: readonly Token[], head: readonly Token[], cut: number): CommonRun | undefined {
  let best: { readonly tail: number; readonly head: number; readonly length: number; readonly distance: number } | undefined;
  for (const [from, token] of tail.entries()) {
    for (const start of head.keys()) {
      let length = 0;
      while (isSame(tail, from + length, head, start + length)) length += 1;
      const distance = Math.abs(token.time - cut);
      if (length > 0 && (best === undefined || length > best.length || (length === best.length && distance < best.distance))) best = { tail: from, head: start, length, distance };
    }
  }
  if (best === undefined) return undefined;
  // A single word is taken from the side that has more of it; of several, each side gives what it heard farther from its end.
  const whole = (tail[best.tail]?.text.length ?? 0) >= (head[best.head]?.text.length ?? 0);
  return { ...best, kept: best.length === 1 ? Number(whole) : Math.ceil(best.length / 2) };
}

/** The last word of one side and the first of the other may be cut off. */
function isSame(tail: readonly Token[], at: number, head: readonly Token[], other: number): boolean {
  const [left, right] = [tail[at], head[other]];
  if (left === undefined || right === undefined || Math.abs(left.time - right.time) > sameWordSeconds) return false;
  return left.text === right.text || (at === tail.length - 1 && right.text.startsWith(left.text)) || (other === 0 && left.text.endsWith(right.text));
}

function pieces({ text }: Segment): Intl.SegmentData[] {
  return [...words.segment(text)].filter(({ isWordLike }) => isWordLike === true);
}

/** Where an engine gives no times of words, they are spread evenly over the segment. */
function tokensOf(segments: readonly Segment[]): Token[] {
  return segments.flatMap((segment, number) => {
    const own = pieces(segment);
    const timed = segment.words?.length === own.length ? segment.words : undefined;
    return own.map((piece, index) => {
      const timedWord = timed?.[index];
      const time = timedWord === undefined ? segment.start + ((index + 0.5) / own.length) * (segment.end - segment.start) : (timedWord.start + timedWord.end) / 2;
      return { text: piece.segment.toLocaleLowerCase(), time, segment: number, index };
    });
  });
}

/** The segments without these words, which stand together at one end. */
function without(segments: readonly Segment[], dropped: readonly Token[]): Segment[] {
  return segments.flatMap((segment, number) => {
    const gone = new Set(dropped.filter((token) => token.segment === number).map(({ index }) => index));
    if (gone.size === 0) return [segment];
    const own = pieces(segment);
    const kept = own.filter((_piece, index) => !gone.has(index));
    return kept.length === 0 ? [] : [cutOut(segment, own, own.indexOf(kept[0] as Intl.SegmentData), kept.length)];
  });
}

function cutOut(segment: Segment, own: readonly Intl.SegmentData[], first: number, count: number): Segment {
  const { text, start, end, words: timed } = segment;
  const step = (end - start) / own.length;
  const from = first === 0 ? 0 : (own[first]?.index ?? 0);
  const next = own[first + count]?.index;
  const blank = first > 0 && /^\s/.test(text) ? ' ' : '';
  const kept = timed?.length === own.length ? timed.slice(first, first + count) : undefined;
  return {
    ...segment,
    text: blank + (next === undefined ? text.slice(from) : text.slice(from, next).trimEnd()),
    start: first === 0 ? start : (kept?.at(0)?.start ?? start + first * step),
    end: next === undefined ? end : (kept?.at(-1)?.end ?? start + (first + count) * step),
    ...(kept === undefined ? {} : { words: kept }),
  };
}
