import { comparePlaces, type PagePlace } from '../job/page-cursor.ts';

/** Fewer removed places than this are not worth the effort of tidying. */
const untidy = 64;

/**
 * Ids in the order of creation: a sorted list. A new record nearly always goes to its end. A removed one leaves its
 * place behind, until half of the places are such; so a removal costs O(log n) in the long run, wherever it stands.
 */
export class CreationOrder {
  #places: PagePlace[] = [];
  /** When each id that is in the list was created; a place that says otherwise was left behind. */
  readonly #created = new Map<string, number>();

  /** The id must not be in the list. */
  add({ createdAt, id }: PagePlace): void {
    const at = this.#find({ createdAt, id });
    const found = this.#places[at];
    const leftBehind = found !== undefined && comparePlaces(found, { createdAt, id }) === 0;
    if (!leftBehind) this.#places.splice(at, 0, { createdAt, id });
    this.#created.set(id, createdAt);
  }

  remove({ id }: PagePlace): void {
    this.#created.delete(id);
    const removed = this.#places.length - this.#created.size;
    if (removed > untidy && removed > this.#created.size) this.#places = this.#places.filter((place) => this.#holds(place));
  }

  /** Newest first; with `place`, from the one before it on. */
  *idsBackwards(place?: PagePlace): Generator<string> {
    const places = this.#places;
    for (let at = (place === undefined ? places.length : this.#find(place)) - 1; at >= 0; at -= 1) {
      const found = places[at];
      if (found !== undefined && this.#holds(found)) yield found.id;
    }
  }

  #holds({ createdAt, id }: PagePlace): boolean {
    return this.#created.get(id) === createdAt;
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
