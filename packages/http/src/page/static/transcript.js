import { make } from './dom.js';
import { clockTime } from './words.js';

/**
 * @typedef {object} Segment
 * @property {number} start seconds
 * @property {number} end seconds
 * @property {string} text
 * @property {readonly { readonly start: number; readonly end: number; readonly text: string }[]} [words]
 * @property {readonly unknown[]} [flags] reasons to doubt it
 */

/**
 * A transcript that grows while it is heard, follows the player, and is led by it: each line is a button that plays from there.
 *
 * @param {(seconds: number) => void} onSeek
 */
export function makeTranscript(onSeek) {
  const list = make('ol', { class: 'plain transcript', 'aria-label': 'Transcript' });
  /** @type {{ readonly segment: Segment; readonly line: HTMLButtonElement; readonly words: readonly HTMLElement[] }[]} */
  let lines = [];

  const add = (/** @type {Segment} */ segment) => {
    const words = (segment.words ?? []).map(({ text }) => make('span', { class: 'word' }, text.trim()));
    const spoken = words.length === 0 ? [segment.text.trim()] : words.flatMap((word, place) => (place === 0 ? [word] : [' ', word]));
    const line = make('button', { type: 'button', class: 'line', click: () => onSeek(segment.start) }, make('span', { class: 'time' }, clockTime(segment.start)), make('span', { class: 'said' }, ...spoken));
    if ((segment.flags ?? []).length > 0) line.append(make('span', { class: 'chip doubtful' }, 'doubtful'));
    lines.push({ segment, line, words });
    list.append(make('li', {}, line));
  };

  return {
    element: list,
    /** @param {readonly Segment[]} segments */
    show(segments) {
      lines = [];
      list.replaceChildren();
      for (const segment of segments) add(segment);
    },
    add,
    /**
     * Marks what is being said: the line, and in it the word that began last, for engines tell some words without a length.
     *
     * @param {number} seconds
     */
    follow(seconds) {
      for (const { segment, line, words } of lines) {
        const isNow = seconds >= segment.start && seconds < segment.end;
        if (isNow && line.getAttribute('aria-current') !== 'true') bring(list, line);
        if (isNow) line.setAttribute('aria-current', 'true');
        else line.removeAttribute('aria-current');
        const spoken = isNow ? (segment.words ?? []).findLastIndex(({ start }) => start <= seconds) : -1;
        words.forEach((word, place) => word.classList.toggle('now', place === spoken));
      }
    },
  };
}

/**
 * Scrolls the list and never the page, on which somebody may be reading elsewhere.
 *
 * @param {HTMLElement} list
 * @param {HTMLElement} line
 */
function bring(list, line) {
  const [inner, outer] = [line.getBoundingClientRect(), list.getBoundingClientRect()];
  if (inner.top >= outer.top && inner.bottom <= outer.bottom) return;
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  list.scrollBy({ top: inner.top - outer.top - outer.height / 3, behavior: calm ? 'auto' : 'smooth' });
}
