import { make } from './dom.js';
import { nameInWords } from './words.js';

/**
 * The steps of a pipeline, and which of them is at work. Its phases are called `step: phase`.
 *
 * @param {HTMLElement} list
 * @param {readonly string[]} names
 * @param {{ readonly status: string; readonly phase: string }} job
 */
export function showSteps(list, names, { status, phase }) {
  list.hidden = names.length === 0;
  const now = names.indexOf(phase.split(':')[0] ?? '');
  const stateOf = (/** @type {number} */ place) => {
    if (status === 'completed' || place < now) return 'done';
    if (place > now) return 'waiting';
    return status === 'failed' || status === 'cancelled' ? status : 'now';
  };
  const states = names.map((_, place) => stateOf(place));
  if (list.dataset['states'] === states.join()) return;
  list.dataset['states'] = states.join();
  list.replaceChildren(...names.map((name, place) => {
    const state = states[place] ?? 'waiting';
    const words = { done: 'done', now: 'at work', waiting: 'to come', failed: 'failed', cancelled: 'cancelled' }[state];
    return make('li', { 'data-state': state, 'aria-current': state === 'now' && 'step' }, nameInWords(name), make('span', { class: 'quiet' }, `, ${words}`));
  }));
}
