import { askHealth, askJson, token } from './api.js';
import { at, make, say } from './dom.js';
import { keepAsking } from './keep-asking.js';

const everyMs = 10_000;

/**
 * How it stands with the service, looked at every ten seconds while the page is seen.
 *
 * @param {{ readonly adminNeedsToken: boolean }} service
 */
export function setUpService({ adminNeedsToken }) {
  return keepAsking(async () => void (await Promise.all([showHealth(), adminNeedsToken && token() === '' ? undefined : showQueue()])), () => everyMs);
}

async function showHealth() {
  const badge = at('health-badge', HTMLElement);
  const words = at('health-words', HTMLElement);
  try {
    const { status, checks } = await askHealth();
    const failing = checks.filter((/** @type {any} */ check) => !check.ok);
    badge.dataset['state'] = status === 'ok' ? 'ok' : 'unhealthy';
    say(words, status === 'ok' ? 'All is well' : `${failing.length} of ${checks.length} checks fail`);
    say(at('checks-words', HTMLElement), failing.length === 0 ? `${checks.length} checks, all fine` : `${failing.length} of ${checks.length} checks fail`);
    // What is wrong is shown unasked, and what is well on request.
    if (failing.length > 0) at('checks-box', HTMLDetailsElement).open = true;
    at('checks', HTMLElement).replaceChildren(...checks.map(drawCheck));
  } catch {
    badge.dataset['state'] = 'unhealthy';
    say(words, 'The service does not answer');
  }
}

/** @param {any} check */
function drawCheck({ name, ok, detail, advice, wallMs }) {
  return make('li', { 'data-ok': String(ok) },
    make('span', { class: 'dot', 'aria-hidden': 'true' }),
    make('strong', {}, name),
    make('span', { class: 'quiet' }, ok ? ', works:' : ', fails:'),
    make('span', { class: 'hint detail' }, ` ${detail}${ok || advice === undefined ? '' : ` ${advice}`}`),
    make('span', { class: 'hint took' }, `${wallMs} ms`));
}

async function showQueue() {
  try {
    const { waiting, running } = await askJson('admin/queue');
    say(at('queue-words', HTMLElement), `${running} running, ${waiting} in line`);
  } catch {
    // Whoever may not see the administration sees the rest of the page.
    say(at('queue-words', HTMLElement), '');
  }
}
