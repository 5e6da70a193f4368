/** The smallest of the last `length` values, at constant cost a value. */
export class SlidingMinimum {
  readonly #length: number;
  /** Values that can still become the minimum, in rising order, in a ring; beside each when it came. */
  readonly #values: Float64Array;
  readonly #times: Float64Array;
  #first = 0;
  #count = 0;
  #now = 0;

  constructor(length: number) {
    this.#length = length;
    this.#values = new Float64Array(length + 1);
    this.#times = new Float64Array(length + 1);
  }

  /** Adds a value and gives the minimum of the last `length`, this one included. */
  push(value: number): number {
    const size = this.#values.length;
    let slot = this.#first + this.#count;
    if (slot >= size) slot -= size;
    for (; this.#count > 0; this.#count -= 1) {
      const last = slot === 0 ? size - 1 : slot - 1;
      if ((this.#values[last] as number) < value) break;
      slot = last;
    }
    this.#values[slot] = value;
    this.#times[slot] = this.#now;
    this.#count += 1;
    if ((this.#times[this.#first] as number) <= this.#now - this.#length) {
      this.#first = this.#first + 1 === size ? 0 : this.#first + 1;
      this.#count -= 1;
    }
    this.#now += 1;
    return this.#values[this.#first] as number;
  }
}
