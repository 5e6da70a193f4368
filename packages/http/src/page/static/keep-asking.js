/**
 * Asks again and again while the page is seen. Returns how to ask at once.
 *
 * @param {() => Promise<void>} ask
 * @param {() => number} pauseMs until the next time
 * @returns {() => Promise<void>}
 */
export function keepAsking(ask, pauseMs) {
  let timer = 0;
  const now = async () => {
    clearTimeout(timer);
    await ask();
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(now, pauseMs());
  };
  document.addEventListener('visibilitychange', () => void now());
  return now;
}
