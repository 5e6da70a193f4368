import { addressOf, askJson, errorInWords, hold, token } from './api.js';
import { announce, make } from './dom.js';
import { bytesInWords } from './words.js';

/** @typedef {{ readonly name: string; readonly bytes: number; readonly mediaType?: string; readonly path: string }} JobFile */

/**
 * Files of a job.
 *
 * @param {any} job
 * @returns {readonly JobFile[]}
 */
export function filesOf(job) {
  return job.files.map((/** @type {any} */ file) => ({ ...file, path: `jobs/${job.id}/files/${file.name.split('/').map(encodeURIComponent).join('/')}` }));
}

/**
 * Jobs that belong to this one: the steps that it was made of, and what else was made of the same content.
 *
 * @param {any} job
 * @param {readonly any[]} others
 * @returns {Promise<readonly any[]>}
 */
export async function relatives(job, others) {
  const digest = job.inputs[0]?.sha256;
  const same = others.filter(({ id, status, inputs }) => id !== job.id && status === 'completed' && digest !== undefined && inputs[0]?.sha256 === digest);
  const ids = Object.values(job.output ?? {}).map((step) => Object(step).jobId).filter((id) => typeof id === 'string');
  const steps = await Promise.all(ids.map((id) => askJson(`jobs/${id}`).catch(() => undefined)));
  return [...steps.filter((step) => step !== undefined), ...same];
}

const isA = (/** @type {JobFile} */ { mediaType = '' }, /** @type {string} */ kind) => mediaType.startsWith(`${kind}/`);

/**
 * Something to listen to: the file that was just sent, or the first sound among the files.
 *
 * @param {readonly JobFile[]} files
 * @param {File | undefined} sent
 * @returns {Promise<string | undefined>}
 */
export async function soundOf(files, sent) {
  if (sent !== undefined && /^(audio|video)\//.test(sent.type)) return hold(sent);
  const found = files.find((file) => isA(file, 'audio')) ?? files.find((file) => isA(file, 'video'));
  return found === undefined ? undefined : addressOf(found.path);
}

/**
 * @param {readonly JobFile[]} files
 * @returns {Promise<readonly HTMLElement[]>}
 */
export function picturesOf(files) {
  const pictures = files.filter((file) => isA(file, 'image'));
  const first = pictures.filter(({ name }, place) => pictures.findIndex((picture) => picture.name === name) === place);
  return Promise.all(first.map(async ({ name, path }) => {
    const words = name.replace(/\.\w+$/, '').replaceAll('-', ' ');
    const caption = `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
    return make('figure', {}, make('img', { src: await addressOf(path), alt: `${caption} of the sound`, loading: 'lazy' }), make('figcaption', { class: 'hint' }, caption));
  }));
}

/**
 * Links to all files. With a token a file is fetched before it is saved, for a link cannot send one.
 *
 * @param {readonly JobFile[]} files
 */
export function linksOf(files) {
  return make('ul', { class: 'plain files' }, ...files.map(({ name, bytes, path }) => {
    const link = make('a', { href: path, download: name.split('/').at(-1) }, name);
    if (token() !== '') link.addEventListener('click', (event) => void saveWithToken(event, path, link.download));
    return make('li', {}, link, ' ', make('span', { class: 'hint' }, bytesInWords(bytes)));
  }));
}

/**
 * @param {Event} event
 * @param {string} path
 * @param {string} name
 */
async function saveWithToken(event, path, name) {
  event.preventDefault();
  try {
    const address = await addressOf(path);
    make('a', { href: address, download: name }).click();
  } catch (error) {
    announce(errorInWords(error));
  }
}
