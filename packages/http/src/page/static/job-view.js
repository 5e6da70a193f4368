import { askJson, errorInWords, hold, letGo, upload } from './api.js';
import { announce, at, make } from './dom.js';
import { follow, hasEnded } from './follow.js';
import { filesOf, linksOf, picturesOf, relatives, soundOf } from './job-files.js';
import { drawFrame } from './job-frame.js';
import { titleOf } from './job-title.js';
import { clockTime } from './words.js';

/** @typedef {import('./new-job.js').Operation} Operation */

/**
 * One job: how far it is, and what came of it.
 *
 * @param {{ readonly operations: readonly Operation[]; readonly listed: () => readonly any[]; readonly onChanged: () => void }} page
 */
export function setUpJobView({ operations, listed, onChanged }) {
  const place = at('job', HTMLElement);
  let leave = () => {};
  /** Files that were sent from this page, for listening to. */
  const sent = new Map();

  const open = (/** @type {any} */ job, /** @type {File | undefined} */ file, /** @type {boolean} */ takesFocus) => {
    leave();
    letGo();
    if (file !== undefined) sent.set(job.id, file);
    const view = drawFrame(job, operations);
    place.replaceChildren(...view.elements);
    place.hidden = false;
    if (takesFocus) view.title.focus();
    const end = (/** @type {any} */ whole) => {
      view.update(whole);
      void drawResult(view, whole, { operations, listed, sent, onChanged });
      onChanged();
    };
    if (hasEnded(job.status)) leave = openEnded(job, view, end);
    else leave = follow(job.id, { onProgress: view.update, onParts: view.addParts, onEnd: (whole) => (end(whole), announce(`${titleOf(whole)}: ${whole.status}.`)), onProblem: view.fail });
  };
  return {
    open,
    close() {
      leave();
      letGo();
      place.hidden = true;
      place.replaceChildren();
    },
  };
}

/**
 * A list tells jobs in short: the whole one is asked for.
 *
 * @param {any} job
 * @param {ReturnType<typeof drawFrame>} view
 * @param {(whole: any) => void} end
 */
function openEnded(job, view, end) {
  let left = false;
  const show = (/** @type {any} */ whole) => void (left || end(whole));
  if ('options' in job) show(job);
  else askJson(`jobs/${job.id}`).then(show, (error) => left || view.fail(errorInWords(error)));
  return () => {
    left = true;
  };
}

/**
 * @param {ReturnType<typeof drawFrame>} view
 * @param {any} job
 * @param {{ readonly operations: readonly Operation[]; readonly listed: () => readonly any[]; readonly sent: ReadonlyMap<string, File>; readonly onChanged: () => void }} page
 */
async function drawResult(view, job, page) {
  if (job.error !== null && job.status !== 'completed') view.fail([job.error.detail, job.error.advice].filter((part) => part !== undefined).join(' '));
  if (job.status !== 'completed') return;
  const heard = transcriptOf(job);
  if (heard !== undefined) {
    view.transcript.show(heard.segments);
    view.transcript.element.hidden = heard.segments.length === 0;
  }
  try {
    const family = [job, ...(await relatives(job, page.listed()))];
    const files = family.flatMap(filesOf);
    const sound = await soundOf(files, page.sent.get(job.id));
    if (sound !== undefined) view.player.src = sound;
    view.player.hidden = sound === undefined;
    const pictures = await picturesOf(files);
    view.result.replaceChildren(
      ...(heard === undefined ? [] : [make('p', { class: 'hint' }, heardWords(heard))]),
      ...(heard === undefined || sound !== undefined ? [] : [offerListening(view)]),
      ...(job.files.length === 0 ? [] : [make('h3', {}, 'Files'), linksOf(filesOf(job))]),
      ...pictures,
      ...offerSpectrogram(job, files, page),
    );
  } catch (error) {
    view.fail(errorInWords(error));
  }
}

/**
 * The transcript of a job, or of the last step of a pipeline that has one.
 *
 * @param {any} job
 * @returns {{ readonly segments: readonly any[]; readonly language?: string; readonly durationSeconds?: number } | undefined}
 */
function transcriptOf({ output }) {
  const outputs = [output, ...Object.values(Object(output)).map((step) => Object(step).output)];
  return outputs.findLast((one) => Array.isArray(Object(one).segments));
}

/** @param {{ readonly segments: readonly any[]; readonly language?: string; readonly durationSeconds?: number }} heard */
function heardWords({ segments, language, durationSeconds }) {
  const length = durationSeconds === undefined ? [] : [clockTime(durationSeconds)];
  return [segments.length === 0 ? 'Nothing was said.' : `Language ${language ?? 'unknown'}`, ...length].join(' · ');
}

/**
 * The service gives out what it made, not what it was sent: whoever has the file can still listen along.
 *
 * @param {ReturnType<typeof drawFrame>} view
 */
function offerListening({ player }) {
  const input = make('input', { class: 'quiet', type: 'file', accept: 'audio/*,video/*' });
  const label = make('label', { class: 'listen' }, 'Choose the file to listen along', input);
  input.addEventListener('change', () => {
    const [file] = input.files ?? [];
    if (file === undefined) return;
    player.src = hold(file);
    player.hidden = false;
    player.focus();
    label.remove();
  });
  return label;
}

/**
 * @param {any} job
 * @param {readonly { readonly name: string }[]} files
 * @param {{ readonly operations: readonly Operation[]; readonly sent: ReadonlyMap<string, File>; readonly onChanged: () => void }} page
 */
function offerSpectrogram(job, files, { operations, sent, onChanged }) {
  const file = sent.get(job.id);
  if (file === undefined || files.some(({ name }) => name === 'spectrogram.png') || !operations.some(({ name }) => name === 'spectrogram')) return [];
  const place = make('div', { class: 'actions' });
  const draw = async () => {
    button.disabled = true;
    try {
      const form = new FormData();
      form.set('file', file);
      const { id } = await upload('jobs?operation=spectrogram', form, { onProgress: () => undefined, signal: new AbortController().signal });
      const show = async (/** @type {any} */ whole) => {
        place.replaceWith(...(await picturesOf(filesOf(whole))));
        onChanged();
      };
      follow(id, { onProgress: () => undefined, onParts: () => undefined, onProblem: announce, onEnd: (whole) => void show(whole) });
    } catch (error) {
      button.disabled = false;
      announce(errorInWords(error));
    }
  };
  const button = make('button', { type: 'button', click: () => void draw() }, 'Draw the spectrogram');
  place.append(button);
  return [place];
}
