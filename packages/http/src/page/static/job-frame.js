import { make, say } from './dom.js';
import { hasEnded } from './follow.js';
import { change } from './job-list.js';
import { titleOf } from './job-title.js';
import { showSteps } from './steps.js';
import { makeTranscript } from './transcript.js';
import { bytesInWords, nameInWords, percent, whenInWords } from './words.js';

/**
 * What stands of a job before it has a result: its name, how far it is, and places for what will come.
 *
 * @param {any} job
 * @param {readonly import('./new-job.js').Operation[]} operations
 */
export function drawFrame(job, operations) {
  const title = make('h2', { id: 'job-title', tabindex: -1 }, titleOf(job));
  const chip = make('span', { class: 'chip' });
  const progress = drawProgress(job, operations);
  const problem = make('p', { class: 'problem', role: 'alert' });
  const result = make('div', { class: 'result' });
  const { player, transcript } = drawPlayer();
  const update = (/** @type {any} */ now) => {
    say(chip, now.status);
    chip.dataset['state'] = now.status;
    progress.update(now);
  };
  update(job);
  return {
    title, player, transcript, result, update,
    elements: [
      make('div', { class: 'job-head' }, make('div', {}, title, make('p', { class: 'hint' }, aboutWords(job))), chip),
      ...progress.elements, problem, player, transcript.element, result,
    ],
    addParts: (/** @type {readonly any[]} */ parts) => {
      const heard = parts.filter(({ text, start }) => typeof text === 'string' && typeof start === 'number');
      for (const part of heard) transcript.add(part);
      transcript.element.hidden = heard.length === 0 && transcript.element.childElementCount === 0;
    },
    fail: (/** @type {string} */ text) => say(problem, text),
  };
}

/**
 * @param {any} job
 * @param {readonly import('./new-job.js').Operation[]} operations
 */
function drawProgress(job, operations) {
  const names = operations.find(({ name }) => name === job.operation)?.steps ?? [];
  const steps = make('ol', { class: 'plain steps', 'aria-label': 'Steps' });
  const bar = make('progress', { max: 1, value: 0, 'aria-label': 'Progress of the job' });
  const cancel = make('button', { type: 'button', class: 'small', click: () => void change(job, 'cancel') }, 'Cancel');
  const line = make('div', { class: 'row' }, bar, cancel);
  const words = make('p', { class: 'hint progress-words' });
  return {
    elements: [steps, line, words],
    update: (/** @type {any} */ now) => {
      const isOver = hasEnded(now.status);
      showSteps(steps, names, now);
      line.hidden = isOver;
      bar.value = now.progress;
      say(words, isOver ? '' : phaseWords(now));
    },
  };
}

function drawPlayer() {
  const player = make('audio', { controls: true, preload: 'metadata', hidden: true, 'aria-label': 'Player' });
  const transcript = makeTranscript((seconds) => {
    if (player.hidden) return;
    player.currentTime = seconds;
    // A browser may refuse to play; the place is found all the same.
    void player.play().catch(() => undefined);
  });
  transcript.element.hidden = true;
  player.addEventListener('timeupdate', () => transcript.follow(player.currentTime));
  player.addEventListener('seeked', () => transcript.follow(player.currentTime));
  return { player, transcript };
}

/** @param {any} job */
function aboutWords({ operation, inputs, createdAt }) {
  const size = inputs[0] === undefined ? [] : [bytesInWords(inputs[0].bytes)];
  return [nameInWords(operation), ...size, whenInWords(createdAt)].join(' · ');
}

/** @param {{ readonly status: string; readonly phase: string; readonly progress: number }} job */
function phaseWords({ status, phase, progress }) {
  if (status === 'queued') return 'Waiting in line';
  if (status === 'retrying') return 'Waiting to be tried again';
  return [phase, percent(progress)].filter((part) => part !== '').join(', ');
}
