import { askJson } from './api.js';
import { addressInWords, nameInWords } from './words.js';

/** Titles of jobs that a list tells without the address that they were made from. @type {Map<string, string>} */
const known = new Map();

/**
 * What a job is called: its file, or the address that it was made from. A list does not tell the address: it is asked for, once, and `onKnown`
 * called then.
 *
 * @param {any} job
 * @param {() => void} [onKnown]
 * @returns {string}
 */
export function titleOf(job, onKnown = () => undefined) {
  const { id, operation, inputs, options } = job;
  const name = inputs[0]?.name;
  if (name !== undefined && name !== '') return name;
  const title = known.get(id);
  if (options !== undefined) known.set(id, typeof options.url === 'string' ? addressInWords(options.url) : nameInWords(operation));
  else if (title === undefined) void learn(id, operation, onKnown);
  return known.get(id) ?? nameInWords(operation);
}

/**
 * @param {string} id
 * @param {string} operation
 * @param {() => void} onKnown
 */
async function learn(id, operation, onKnown) {
  known.set(id, nameInWords(operation));
  try {
    const { options } = await askJson(`jobs/${id}`);
    if (typeof options.url !== 'string') return;
    known.set(id, addressInWords(options.url));
    onKnown();
  } catch {
    // It is gone, and so will be its row.
  }
}
