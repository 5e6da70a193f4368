import { askJson, errorInWords } from './api.js';
import { at, make, say } from './dom.js';
import { bytesInWords } from './words.js';

/**
 * A reset, behind the name of the service typed out.
 *
 * @param {{ readonly service: { readonly name: string }; readonly resets: readonly string[] }} service
 * @param {() => void} onDone
 */
export function setUpReset({ service: { name }, resets }, onDone) {
  const dialog = at('reset-dialog', HTMLDialogElement);
  const word = at('reset-word', HTMLInputElement);
  const button = at('reset-now', HTMLButtonElement);
  const others = at('reset-others', HTMLElement);
  others.hidden = resets.length === 0;
  // A factory reset takes the models along, here and there.
  at('reset-models-field', HTMLElement).hidden = resets.length > 0;
  say(others, `The same is done in ${resets.join(', ')}, models included; each is reported.`);
  say(at('reset-name', HTMLElement), name);

  at('open-reset', HTMLButtonElement).addEventListener('click', () => {
    word.value = '';
    button.disabled = true;
    say(at('reset-problem', HTMLElement), '');
    at('reset-report', HTMLElement).replaceChildren();
    say(at('reset-leave', HTMLButtonElement), 'Leave it as it is');
    dialog.showModal();
    word.focus();
  });
  word.addEventListener('input', () => (button.disabled = word.value.trim() !== name));
  at('reset-leave', HTMLButtonElement).addEventListener('click', () => dialog.close());
  at('reset-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    if (!button.disabled) void reset(button, word, resets.length > 0, onDone);
  });
}

/**
 * @param {HTMLButtonElement} button
 * @param {HTMLInputElement} word
 * @param {boolean} everywhere
 * @param {() => void} onDone
 */
async function reset(button, word, everywhere, onDone) {
  const place = at('reset-report', HTMLElement);
  button.disabled = true;
  place.replaceChildren(make('p', { class: 'hint' }, 'Working… this may take a minute.'));
  try {
    const flags = { deep: true, purgeQueue: true, models: at('reset-models', HTMLInputElement).checked };
    const report = await askJson(everywhere ? 'admin/factory-reset' : 'admin/cleanup', { method: 'POST', body: everywhere ? {} : flags });
    place.replaceChildren(...drawReport(report));
    word.value = '';
    say(at('reset-leave', HTMLButtonElement), 'Close');
    at('reset-leave', HTMLButtonElement).focus();
    onDone();
  } catch (error) {
    place.replaceChildren();
    button.disabled = false;
    say(at('reset-problem', HTMLElement), errorInWords(error));
  }
}

/** @param {any} report */
function drawReport(report) {
  const own = report.self ?? report;
  const lines = [
    `${own.jobsRemoved} jobs and ${own.filesDeleted} files removed, ${bytesInWords(own.bytesFreed)} freed.`,
    ...Object.entries(report.services ?? {}).map(serviceWords),
    ...own.errors.map((/** @type {any} */ { path, reason }) => `${path}: ${reason}`),
  ];
  return [make('h3', {}, report.ok ? 'Done' : 'Done in part'), make('ul', { class: 'plain' }, ...lines.map((line) => make('li', {}, line)))];
}

/** @param {[name: string, result: any]} entry */
function serviceWords([name, { status, error, report }]) {
  const removed = report === undefined ? [] : [`${(report.self ?? report).jobsRemoved} jobs removed`];
  return `${name}: ${[status, ...removed, ...(error === undefined ? [] : [error])].join(', ')}`;
}
