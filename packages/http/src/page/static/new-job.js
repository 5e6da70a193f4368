import { askJson, errorInWords, upload } from './api.js';
import { announce, at, say } from './dom.js';
import { drawOptions } from './options.js';
import { bytesInWords, nameInWords, percent } from './words.js';

/**
 * @typedef {object} Operation
 * @property {string} name
 * @property {readonly string[]} files names of the fields that are files
 * @property {boolean} takesUrl
 * @property {readonly string[]} steps of a pipeline
 * @property {Readonly<Record<string, any>>} schema
 */

/** @typedef {(job: any, file: File | undefined) => void} Started */

/**
 * The form for a new job: a file or an address, options as the operation has them.
 *
 * @param {{ readonly operations: readonly Operation[]; readonly maxUploadBytes: number }} service
 * @param {Started} onStarted
 */
export function setUpNewJob(service, onStarted) {
  const { operations, maxUploadBytes } = service;
  const select = at('operation', HTMLSelectElement);
  select.replaceChildren(...operations.map(({ name }) => new Option(nameInWords(name), name)));
  at('operation-field', HTMLElement).hidden = operations.length < 2;
  const form = { file: /** @type {File | undefined} */ (undefined), options: drawOptions(at('options', HTMLElement), emptyOperation) };
  const chosen = () => operations.find(({ name }) => name === select.value) ?? emptyOperation;

  const showOperation = () => {
    const { files, takesUrl } = chosen();
    at('file-field', HTMLElement).hidden = files.length === 0;
    at('url-field', HTMLElement).hidden = !takesUrl;
    form.options = drawOptions(at('options', HTMLElement), chosen());
    at('options-box', HTMLDetailsElement).hidden = form.options.length === 0;
    if (operations.length === 1) say(at('new-title', HTMLElement), nameInWords(chosen().name));
  };
  const takeFile = (/** @type {File | undefined} */ file) => {
    if (file === undefined) return;
    form.file = file;
    say(at('drop-words', HTMLElement), file.name);
    say(at('drop-hint', HTMLElement), bytesInWords(file.size));
    showProblem(file.size > maxUploadBytes ? `This service takes files of at most ${bytesInWords(maxUploadBytes)}; this one has ${bytesInWords(file.size)}.` : '');
    if (chosen().files.length > 0) return;
    const other = operations.find(({ files }) => files.length > 0);
    if (other === undefined) return showProblem('This service takes addresses, not files.');
    select.value = other.name;
    showOperation();
  };

  select.addEventListener('change', showOperation);
  at('file', HTMLInputElement).addEventListener('change', (event) => takeFile(/** @type {HTMLInputElement} */ (event.target).files?.[0]));
  takeDrops(takeFile, (url) => takeAddress(url, operations, select, showOperation));
  say(at('drop-hint', HTMLElement), `Any audio or video, up to ${bytesInWords(maxUploadBytes)}`);
  at('new-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    void submit(chosen(), form, maxUploadBytes, onStarted);
  });
  showOperation();
}

/** @type {Operation} */
const emptyOperation = Object.freeze({ name: '', files: [], takesUrl: false, steps: [], schema: {} });

/**
 * A file that is dropped beside the field must not carry the browser off the page.
 *
 * @param {(file: File | undefined) => void} takeFile
 * @param {(url: string) => void} takeUrl
 */
function takeDrops(takeFile, takeUrl) {
  const drop = at('drop', HTMLElement);
  const hover = (/** @type {boolean} */ over) => drop.classList.toggle('over', over);
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    hover(true);
  });
  document.addEventListener('dragleave', (event) => hover(event.relatedTarget !== null));
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    hover(false);
    const [file] = event.dataTransfer?.files ?? [];
    const url = event.dataTransfer?.getData('text/uri-list') ?? '';
    if (file !== undefined) takeFile(file);
    else if (url !== '') takeUrl(url);
  });
  document.addEventListener('paste', (event) => {
    const [file] = event.clipboardData?.files ?? [];
    const text = event.clipboardData?.getData('text').trim() ?? '';
    if (file !== undefined) takeFile(file);
    else if (/^https?:\/\/\S+$/.test(text) && !(event.target instanceof HTMLInputElement)) takeUrl(text);
  });
}

/**
 * @param {string} url
 * @param {readonly Operation[]} operations
 * @param {HTMLSelectElement} select
 * @param {() => void} showOperation
 */
function takeAddress(url, operations, select, showOperation) {
  const fits = operations.find(({ name, takesUrl }) => takesUrl && name === select.value) ?? operations.find(({ takesUrl }) => takesUrl);
  if (fits === undefined) return showProblem('This service takes files, not addresses.');
  select.value = fits.name;
  showOperation();
  at('url', HTMLInputElement).value = url;
}

/**
 * @param {Operation} operation
 * @param {{ readonly file: File | undefined; readonly options: ReturnType<typeof drawOptions> }} form
 * @param {number} maxUploadBytes
 * @param {Started} onStarted
 */
async function submit(operation, { file, options }, maxUploadBytes, onStarted) {
  const needsFile = operation.files.length > 0;
  const url = at('url', HTMLInputElement);
  if (needsFile && file === undefined) return showProblem('Choose a file first.', at('file', HTMLInputElement));
  if (needsFile && file !== undefined && file.size > maxUploadBytes) return showProblem(`This service takes files of at most ${bytesInWords(maxUploadBytes)}.`, at('file', HTMLInputElement));
  if (operation.takesUrl && !URL.canParse(url.value.trim())) return showProblem('Give the whole address, beginning with https://.', url);
  const given = options.map(({ name, value }) => /** @type {const} */ ([name, value()])).filter(([, value]) => value !== undefined);
  const path = `jobs?operation=${encodeURIComponent(operation.name)}`;
  const busy = begin();
  try {
    const job = needsFile && file !== undefined
      ? await upload(path, formOf(operation, file, given), { onProgress: busy.show, signal: busy.signal })
      : await askJson(path, { method: 'POST', body: Object.fromEntries([...(operation.takesUrl ? [['url', url.value.trim()]] : []), ...given]) });
    onStarted(job, file);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') announce('The upload was stopped.');
    else showProblem(errorInWords(error));
  } finally {
    busy.end();
  }
}

/**
 * @param {Operation} operation
 * @param {File} file
 * @param {readonly (readonly [string, unknown])[]} options
 */
function formOf(operation, file, options) {
  const form = new FormData();
  // Options first: what is wrong with them is said before the file is sent.
  for (const [name, value] of options) form.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  form.set(operation.files[0] ?? 'file', file);
  return form;
}

function begin() {
  const stop = new AbortController();
  const [button, bar, words, cancel] = [at('submit', HTMLButtonElement), at('upload', HTMLProgressElement), at('upload-words', HTMLElement), at('stop-upload', HTMLButtonElement)];
  showProblem('');
  button.disabled = true;
  cancel.addEventListener('click', () => stop.abort(), { signal: stop.signal });
  return {
    signal: stop.signal,
    show: (/** @type {number} */ ratio) => {
      bar.hidden = false;
      cancel.hidden = false;
      bar.value = ratio;
      say(words, ratio < 1 ? `Uploading, ${percent(ratio)}` : 'Uploaded');
    },
    end() {
      stop.abort();
      button.disabled = false;
      bar.hidden = true;
      cancel.hidden = true;
      say(words, '');
    },
  };
}

/**
 * @param {string} words
 * @param {HTMLElement} [field] where it can be put right
 */
function showProblem(words, field) {
  say(at('new-problem', HTMLElement), words);
  field?.focus();
}
