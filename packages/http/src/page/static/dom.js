/**
 * The element of this id.
 *
 * @template {HTMLElement} Kind
 * @param {string} id
 * @param {new () => Kind} kind
 * @returns {Kind}
 */
export function at(id, kind) {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new TypeError(`Expected \`#${id}\` to be a ${kind.name}, got ${found?.tagName ?? 'nothing'}.`);
}

/**
 * Makes an element. Functions become listeners of the event that they are named after, `true` an empty attribute; `false` and
 * `undefined` are left out. Children are texts or elements: nothing is ever read as HTML.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Readonly<Record<string, unknown>>} [attributes]
 * @param {...(Node | string | undefined | false)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, /** @type {EventListener} */ (value));
    else if (value === true) element.setAttribute(name, '');
    else if (value !== undefined && value !== false) element.setAttribute(name, `${/** @type {string | number} */ (value)}`);
  }
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
}

/**
 * Sets a text where it has changed, so that a screen reader is not told the same twice.
 *
 * @param {Element} element
 * @param {string} text
 */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** How long a notice stands. */
const noticeMs = 6_000;
let noticeTimer = 0;

/**
 * Tells what has happened: a notice that also a screen reader speaks.
 *
 * @param {string} text
 */
export function announce(text) {
  const place = at('news', HTMLElement);
  clearTimeout(noticeTimer);
  place.textContent = text;
  noticeTimer = setTimeout(() => (place.textContent = ''), noticeMs);
}
