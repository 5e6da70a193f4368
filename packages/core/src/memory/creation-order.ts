import { comparePlaces, type PagePlace } from '../job/page-cursor.ts';

/** Ids in the order of creation: a sorted list. A new record nearly always goes to its end. */
export class CreationOrder {
  readonly #places: PagePlace[] = [];

  add({ createdAt, id }: PagePlace): void {
    this.#places.splice(this.#find({ createdAt, id }), 0, { createdAt, id });
  }

  /** The place must be in the list. */
  remove(place: PagePlace): void {
    this.#places.splice(this.#find(place), 1);
  }

  /** Newest first; with `place`, from the one before it on. */
  *idsBackwards(place?: PagePlace): Generator<string> {
    for (let at = (place === undefined ? this.#places.length : this.#find(place)) - 1; at >= 0; at -= 1) {
      const found = this.#places[at];
      if (found !== undefined) yield found.id;
    }
  }

  /** The position of the place, or the one where it would stand. */
  #find(place: PagePlace): number {
    let low = 0;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const found = this.#places[middle];
      if (found !== undefined && comparePlaces(found, place) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
