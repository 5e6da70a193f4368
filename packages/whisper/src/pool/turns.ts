import { abortErrorOf } from './abort.ts';

/** Lets one at a time through, in the order of asking. */
export class Turns {
  #waiting: (() => void)[] = [];
  #taken = false;

  /** Resolves when it is the caller's turn, which ends by disposal. Rejects when the signal aborts first; the place in line is then given up. */
  async take(signal?: AbortSignal): Promise<Disposable> {
    if (signal?.aborted === true) throw abortErrorOf(signal);
    if (this.#taken) await this.#wait(signal);
    this.#taken = true;
    let over = false;
    return {
      [Symbol.dispose]: () => {
        if (!over) this.#next();
        over = true;
      },
    };
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting = this.#waiting.filter((entry) => entry !== enter);
        reject(abortErrorOf(signal));
      };
      this.#waiting.push(enter);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  /** `#taken` stays true when somebody waits, so that nobody can step in between. */
  #next(): void {
    const enter = this.#waiting.shift();
    if (enter === undefined) this.#taken = false;
    else enter();
  }
}
