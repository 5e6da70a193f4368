import { ask, askJson, errorInWords } from './api.js';
import { announce, at, make, say } from './dom.js';
import { hasEnded } from './follow.js';
import { keepAsking } from './keep-asking.js';
import { titleOf } from './job-title.js';
import { nameInWords, percent, whenInWords } from './words.js';

/** Between two looks while something goes on, and otherwise. */
const [busyMs, quietMs] = [2_000, 8_000];
const pageSize = 10;

/** @typedef {{ readonly job: any; readonly row: HTMLLIElement; readonly update: (job: any) => void }} Row */

/**
 * The list of jobs. Rows stay the same elements while they change, so that nobody loses the focus.
 *
 * @param {{ readonly operations: readonly import('./new-job.js').Operation[]; readonly mayAsk: () => boolean; readonly onOpen: (job: any) => void; readonly onChanged: (job: any, deed: string) => void }} told
 */
export function setUpJobList({ operations, mayAsk, onOpen, onChanged }) {
  /** @type {Map<string, Row>} */
  const rows = new Map();
  let limit = pageSize;
  let selected = '';
  const filter = setUpFilter(operations, () => void refresh());

  const look = async () => {
    if (!mayAsk()) return;
    try {
      const { jobs, cursor } = await askJson(`jobs?limit=${limit}${filter()}`);
      showRows(rows, jobs, (job) => makeRow(job, onOpen, act));
      mark(rows, selected);
      at('more-jobs', HTMLButtonElement).hidden = cursor === undefined || limit >= 200;
    } catch (error) {
      say(at('no-jobs', HTMLElement), errorInWords(error));
    }
  };
  const refresh = keepAsking(look, () => ([...rows.values()].every(({ job }) => hasEnded(job.status)) ? quietMs : busyMs));
  const act = async (/** @type {any} */ job, /** @type {string} */ deed) => {
    if (await change(job, deed)) onChanged(job, deed);
    await refresh();
  };
  at('more-jobs', HTMLButtonElement).addEventListener('click', () => {
    limit = Math.min(200, limit * 2);
    void refresh();
  });
  return {
    refresh,
    /**
     * Marks the job that is looked at, and leaves a filter that would hide it.
     *
     * @param {{ readonly id: string; readonly operation: string }} job
     */
    select({ id, operation }) {
      selected = id;
      const select = at('filter', HTMLSelectElement);
      if (select.value !== '' && select.value !== operation) select.value = '';
      mark(rows, id);
    },
    /** The jobs that are shown. */
    jobs: () => [...rows.values()].map(({ job }) => job),
  };
}

/**
 * Steps of a pipeline are jobs as well, of which nobody asked for each: where there are pipelines, theirs are shown first.
 *
 * @param {readonly import('./new-job.js').Operation[]} operations
 * @param {() => void} onChange
 * @returns {() => string} the part of the query
 */
function setUpFilter(operations, onChange) {
  const select = at('filter', HTMLSelectElement);
  select.append(new Option('All', ''), ...operations.map(({ name }) => new Option(nameInWords(name), name)));
  select.value = operations.find(({ steps }) => steps.length > 0)?.name ?? '';
  select.addEventListener('change', onChange);
  at('filter-field', HTMLElement).hidden = operations.length < 2;
  return () => (select.value === '' ? '' : `&operation=${encodeURIComponent(select.value)}`);
}

/**
 * @param {Map<string, Row>} rows
 * @param {readonly any[]} jobs
 * @param {(job: any) => Row} makeOne
 */
function showRows(rows, jobs, makeOne) {
  const list = at('job-list', HTMLElement);
  const ids = new Set(jobs.map(({ id }) => id));
  for (const [id, { row }] of rows) if (!ids.has(id)) removeRow(rows, id, row);
  jobs.forEach((job, place) => {
    const shown = rows.get(job.id) ?? makeOne(job);
    rows.set(job.id, { ...shown, job });
    shown.update(job);
    if (list.children[place] !== shown.row) list.insertBefore(shown.row, list.children[place] ?? null);
  });
  at('no-jobs', HTMLElement).hidden = jobs.length > 0;
}

/**
 * @param {ReadonlyMap<string, Row>} rows
 * @param {string} selected
 */
function mark(rows, selected) {
  for (const [id, { row }] of rows) row.classList.toggle('selected', id === selected);
}

/**
 * @param {Map<string, Row>} rows
 * @param {string} id
 * @param {HTMLLIElement} row
 */
function removeRow(rows, id, row) {
  // Whoever stood in the row goes on beside it.
  if (row.contains(document.activeElement)) {
    const neighbour = row.nextElementSibling ?? row.previousElementSibling;
    const target = neighbour?.querySelector('button') ?? at('jobs-title', HTMLElement);
    target.focus();
  }
  row.remove();
  rows.delete(id);
}


/**
 * @param {any} first
 * @param {(job: any) => void} onOpen
 * @param {(job: any, deed: string) => Promise<void>} act
 * @returns {Row}
 */
function makeRow(first, onOpen, act) {
  let job = first;
  const open = make('button', { type: 'button', class: 'open', click: () => onOpen(job) });
  const chip = make('span', { class: 'chip' });
  const about = make('span', { class: 'hint' });
  const bar = make('progress', { max: 1, value: 0 });
  const buttons = ['cancel', 'retry', 'delete'].map((deed) => make('button', { type: 'button', class: 'small', 'data-deed': deed, click: () => act(job, deed) }, nameInWords(deed)));
  const row = make('li', { class: 'job-row' }, make('div', { class: 'job-line' }, open, chip), bar, make('div', { class: 'job-about' }, about, make('div', { class: 'job-buttons' }, ...buttons)));
  const update = (/** @type {any} */ now) => {
    job = now;
    const isOver = hasEnded(job.status);
    say(open, titleOf(job, () => update(job)));
    say(chip, job.cancelRequested && !isOver ? 'cancelling' : job.status);
    chip.dataset['state'] = job.status;
    say(about, `${nameInWords(job.operation)} · ${isOver ? whenInWords(job.endedAt ?? job.createdAt) : `${job.phase === '' ? job.status : job.phase}, ${percent(job.progress)}`}`);
    bar.hidden = isOver;
    bar.value = job.progress;
    bar.setAttribute('aria-label', `Progress of ${titleOf(job)}`);
    for (const button of buttons) {
      const deed = button.dataset['deed'];
      button.hidden = deed === 'cancel' ? isOver : deed === 'retry' ? job.status !== 'failed' : !isOver;
      button.disabled = deed === 'cancel' && job.cancelRequested;
      button.setAttribute('aria-label', `${nameInWords(deed ?? '')} ${titleOf(job)}`);
    }
  };
  return { job, row, update };
}

/**
 * Cancels, retries or deletes a job. Whether it came to that.
 *
 * @param {any} job
 * @param {string} deed
 */
export async function change(job, deed) {
  try {
    if (deed === 'delete') await ask(`jobs/${job.id}`, { method: 'DELETE' });
    else await ask(`jobs/${job.id}/${deed}`, { method: 'POST' });
    announce(`${titleOf(job)}: ${deed === 'delete' ? 'deleted' : deed === 'cancel' ? 'being cancelled' : 'in line again'}.`);
    return true;
  } catch (error) {
    announce(errorInWords(error));
    return false;
  }
}
