const tokenKey = 'media-jobs-token';

/** A refusal of the service. */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {{ readonly detail?: string; readonly advice?: string; readonly code?: string }} problem
   */
  constructor(status, { detail, advice, code }) {
    super([detail ?? `The service answered ${status}.`, advice].filter((part) => part !== undefined).join(' '));
    this.status = status;
    this.code = code ?? '';
  }
}

/** The token that is sent along; empty for none. */
export function token() {
  return sessionStorage.getItem(tokenKey) ?? '';
}

/** @param {string} value */
export function keepToken(value) {
  if (value === '') sessionStorage.removeItem(tokenKey);
  else sessionStorage.setItem(tokenKey, value);
}

/** @returns {Record<string, string>} */
function credentials() {
  return token() === '' ? {} : { authorization: `Bearer ${token()}` };
}

/**
 * Asks the service. Paths are relative to the page, so that it works below any prefix. Throws `Refusal`, and `TypeError` when there is no answer.
 *
 * @param {string} path
 * @param {{ readonly method?: string; readonly body?: object }} [request]
 * @returns {Promise<Response>}
 */
export async function ask(path, { method = 'GET', body } = {}) {
  const answer = await fetch(path, {
    method,
    headers: { ...credentials(), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (answer.ok) return answer;
  throw new Refusal(answer.status, await answer.json().catch(() => ({})));
}

/**
 * @param {string} path
 * @param {{ readonly method?: string; readonly body?: object }} [request]
 */
export async function askJson(path, request) {
  return (await ask(path, request)).json();
}

/** Unlike others, health tells what is wrong with a status of failure. */
export async function askHealth() {
  const answer = await fetch('health', { headers: credentials() });
  return answer.json();
}

/**
 * Sends a form and tells how far it is, which `fetch` cannot. Throws `Refusal`; a `DOMException` when it was stopped.
 *
 * @param {string} path
 * @param {FormData} form
 * @param {{ readonly onProgress: (ratio: number) => void; readonly signal: AbortSignal }} controls
 * @returns {Promise<any>}
 */
export function upload(path, form, { onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', path);
    request.responseType = 'json';
    for (const [name, value] of Object.entries(credentials())) request.setRequestHeader(name, value);
    request.upload.addEventListener('progress', ({ loaded, total, lengthComputable }) => onProgress(lengthComputable ? loaded / total : 0));
    request.addEventListener('load', () => {
      if (request.status < 300) resolve(request.response);
      else reject(new Refusal(request.status, request.response ?? {}));
    });
    request.addEventListener('error', () => reject(new TypeError('The connection to the service broke.')));
    request.addEventListener('abort', () => reject(new DOMException('The upload was stopped.', 'AbortError')));
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(form);
  });
}

/** Addresses of what the browser holds in memory for players and pictures. @type {Set<string>} */
const held = new Set();

/**
 * An address of something in memory, until `letGo`.
 *
 * @param {Blob} content
 */
export function hold(content) {
  const address = URL.createObjectURL(content);
  held.add(address);
  return address;
}

/** Gives the memory of all that is held back. */
export function letGo() {
  for (const address of held) URL.revokeObjectURL(address);
  held.clear();
}

/**
 * Where a player or a picture finds a file of a job. They cannot send a token: with one the file is fetched first.
 *
 * @param {string} path
 */
export async function addressOf(path) {
  return token() === '' ? path : hold(await (await ask(path)).blob());
}

/** @param {unknown} error */
export function errorInWords(error) {
  if (error instanceof TypeError) return 'The service cannot be reached. Look whether it runs, and try again.';
  return error instanceof Error ? error.message : String(error);
}
