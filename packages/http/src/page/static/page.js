import { askJson, errorInWords, keepToken, Refusal, token } from './api.js';
import { announce, at, say } from './dom.js';
import { setUpJobList } from './job-list.js';
import { setUpJobView } from './job-view.js';
import { setUpNewJob } from './new-job.js';
import { setUpReset } from './reset.js';
import { setUpService } from './service.js';

/** What this service is and does. */
const service = await askJson('page/service.json').catch((error) => {
  announce(errorInWords(error));
  throw error;
});

document.title = service.service.name;
say(at('service-name', HTMLElement), service.service.name);
say(at('version', HTMLElement), `Version ${service.service.version}`);
at('docs-link', HTMLElement).hidden = !service.docs;

let openId = '';
const list = setUpJobList({
  operations: service.operations,
  mayAsk,
  onOpen: (job) => open(job, undefined),
  onChanged(job, deed) {
    if (job.id !== openId) return;
    if (deed === 'delete') view.close();
    if (deed === 'retry') void askJson(`jobs/${job.id}`).then((again) => open(again, undefined), (error) => announce(errorInWords(error)));
  },
});
const view = setUpJobView({ operations: service.operations, listed: list.jobs, onChanged: () => void list.refresh() });
const lookAtService = setUpService(service);

/**
 * @param {any} job
 * @param {File | undefined} file
 */
function open(job, file) {
  openId = job.id;
  history.replaceState(null, '', `#${job.id}`);
  view.open(job, file, true);
  list.select(job);
}

setUpNewJob(service, (job, file) => {
  announce(job.cached ? 'The same was done before: here is its result.' : 'In line.');
  open(job, file);
  void list.refresh();
});
setUpReset(service, () => {
  view.close();
  void list.refresh();
});
setUpToken();
if (mayAsk()) {
  await list.refresh();
  void reopen();
}
await lookAtService();

/** A service that wants a token refuses whoever has none. */
function mayAsk() {
  return !service.clientsNeedToken || token() !== '';
}

/** A job that the address names is shown again after a reload. */
async function reopen() {
  const [id] = /^mj_[a-z2-7]{26}$/.exec(location.hash.slice(1)) ?? [];
  if (id === undefined) return;
  try {
    const job = await askJson(`jobs/${id}`);
    openId = id;
    view.open(job, undefined, false);
    list.select(job);
  } catch (error) {
    if (!(error instanceof Refusal)) announce(errorInWords(error));
    history.replaceState(null, '', location.pathname);
  }
}

function setUpToken() {
  const dialog = at('token-dialog', HTMLDialogElement);
  at('open-token', HTMLButtonElement).hidden = !service.takesToken;
  at('open-token', HTMLButtonElement).addEventListener('click', () => {
    at('token', HTMLInputElement).value = token();
    dialog.showModal();
  });
  dialog.addEventListener('close', () => {
    if (dialog.returnValue !== 'keep') return;
    keepToken(at('token', HTMLInputElement).value.trim());
    void list.refresh();
    void lookAtService();
  });
  if (!mayAsk()) dialog.showModal();
}
