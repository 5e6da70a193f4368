import { make } from './dom.js';
import { nameInWords } from './words.js';

/** @typedef {Readonly<Record<string, any>>} Schema a JSON schema */
/** @typedef {{ readonly name: string; readonly value: () => unknown }} Option */

/**
 * Draws the options of an operation from the schema of its input. Returns how each is read; what stands at its default reads as undefined,
 * and is left to the service.
 *
 * @param {HTMLElement} place
 * @param {{ readonly files: readonly string[]; readonly schema: Schema }} operation
 * @returns {readonly Option[]}
 */
export function drawOptions(place, { files, schema }) {
  const shown = Object.entries(schema.properties ?? {}).filter(([name]) => !files.includes(name) && name !== 'url');
  const drawn = shown.map(([name, property]) => drawOption(name, property));
  place.replaceChildren(...drawn.map(({ element }) => element));
  return drawn;
}

/**
 * @param {string} name
 * @param {Schema} property
 * @returns {Option & { readonly element: HTMLElement }}
 */
function drawOption(name, property) {
  const kinds = [property, ...(property.anyOf ?? [])];
  if (property.enum !== undefined) return choice(name, property);
  if (kinds.some(({ type }) => type === 'boolean') && !kinds.some((kind) => kind.const !== undefined)) return truth(name, property);
  const number = kinds.find(({ type }) => type === 'number' || type === 'integer');
  if (number !== undefined) return amount(name, property, number, kinds.some((kind) => kind.const === false));
  if (kinds.some(({ type }) => type === 'string')) return text(name, property);
  return json(name);
}

/**
 * @param {string} name
 * @param {Schema} property
 */
function choice(name, property) {
  const select = make('select', { id: `option-${name}` }, ...property.enum.map((/** @type {string} */ value) => make('option', { value, selected: value === property.default }, value)));
  if (property.default === undefined) select.prepend(make('option', { value: '', selected: true }, '–'));
  return { name, element: labelled(name, select), value: () => (select.value === (property.default ?? '') ? undefined : select.value) };
}

/**
 * @param {string} name
 * @param {Schema} property
 */
function truth(name, property) {
  const box = make('input', { type: 'checkbox', id: `option-${name}`, checked: property.default === true });
  const element = make('label', { class: 'check', for: box.id }, box, ` ${nameInWords(name)}`);
  return { name, element, value: () => (box.checked === (property.default === true) ? undefined : box.checked) };
}

/**
 * @param {string} name
 * @param {Schema} property
 * @param {Schema} number
 * @param {boolean} mayBeOff
 */
function amount(name, property, number, mayBeOff) {
  const input = make('input', { type: 'number', id: `option-${name}`, min: number.minimum, max: boundOf(number.maximum), step: number.type === 'integer' ? 1 : 'any', placeholder: property.default ?? 'by itself' });
  const off = make('input', { type: 'checkbox', id: `option-${name}-off`, change: () => (input.disabled = off.checked) });
  const element = labelled(name, input, mayBeOff && make('label', { class: 'check', for: off.id }, off, ' off'));
  return { name, element, value: () => (mayBeOff && off.checked ? false : input.value === '' ? undefined : Number(input.value)) };
}

/**
 * What a schema without a limit names as one is of no use to a reader.
 *
 * @param {number | undefined} value
 */
function boundOf(value) {
  return value === undefined || Math.abs(value) >= Number.MAX_SAFE_INTEGER ? undefined : value;
}

/**
 * @param {string} name
 * @param {Schema} property
 */
function text(name, property) {
  const input = make('input', { type: 'text', id: `option-${name}`, maxlength: property.maxLength, placeholder: property.default ?? '', autocomplete: 'off' });
  return { name, element: labelled(name, input), value: () => (input.value.trim() === '' ? undefined : input.value) };
}

/** @param {string} name */
function json(name) {
  const input = make('input', { type: 'text', id: `option-${name}`, placeholder: 'JSON', autocomplete: 'off', spellcheck: 'false' });
  return { name, element: labelled(name, input), value: () => (input.value.trim() === '' ? undefined : parsed(input.value)) };
}

/**
 * What is no JSON is sent as it stands, so that the service says what it expects.
 *
 * @param {string} value
 */
function parsed(value) {
  try {
    return JSON.parse(value);
  } catch (error) {
    if (error instanceof SyntaxError) return value;
    throw error;
  }
}

/**
 * @param {string} name
 * @param {HTMLElement} control
 * @param {HTMLElement | false} [beside]
 */
function labelled(name, control, beside = false) {
  return make('div', { class: 'field' }, make('label', { for: control.id }, nameInWords(name)), make('div', { class: 'row' }, control, beside));
}
