import { abortErrorOf } from './abort.ts';

/** Lets one at a time through, or as many as it has places, in the order of asking. */
export class Turns {
  #waiting: (() => void)[] = [];
  #free: number;

  constructor(places = 1) {
    this.#free = places;
  }

  /** How many stand in line. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when it is the caller's turn, which ends by disposal. Rejects when the signal aborts first; the place in line is then given up. */
  async take(signal?: AbortSignal): Promise<Disposable> {
    if (signal?.aborted === true) throw abortErrorOf(signal);
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(signal);
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

  /** The place goes straight to who waits, so that nobody can step in between. */
  #next(): void {
    const enter = this.#waiting.shift();
    if (enter === undefined) this.#free += 1;
    else enter();
  }
}
