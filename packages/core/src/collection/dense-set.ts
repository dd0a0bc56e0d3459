/** What a `DenseSet` can hold. */
export interface Placed {
  /** Where it stands in its set, `NOWHERE` when in none. Only the set writes it. */
  place: number;
}

/** The `place` of what is in no set. */
export const NOWHERE = -1;

/**
 * The few members that a long-lived owner has at a time, of very many that come and go. A `Set` would do, but for V8's
 * collector: it gives a table full of removed entries up for a new one, and as soon as the old table has grown old, it keeps
 * alive whatever was in it, until the next full collection. Eight at a time in a `Set`, nine tenths of all that ever were in
 * it were promoted, with everything they held; here none. Each member knows its own place, so nothing is searched.
 */
export class DenseSet<T extends Placed> implements Iterable<T> {
  /** Never shorter than it once was: an array that shrinks and grows leaves old stores behind, as a `Set` does its tables. */
  readonly #places: (T | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(member: T): boolean {
    // V8 looks for a negative index as for a property by name, which takes it longer than all the rest.
    return member.place !== NOWHERE && this.#places[member.place] === member;
  }

  add(member: T): void {
    if (this.has(member)) return;
    member.place = this.#size;
    this.#places[this.#size] = member;
    this.#size += 1;
  }

  delete(member: T): void {
    if (!this.has(member)) return;
    this.#size -= 1;
    const last = this.#places[this.#size];
    this.#places[this.#size] = undefined;
    if (last !== undefined && last !== member) {
      last.place = member.place;
      this.#places[member.place] = last;
    }
    member.place = NOWHERE;
  }

  clear(): void {
    for (const member of this) this.delete(member);
  }

  /** Those who are in it now, in no particular order: whoever comes or goes meanwhile changes nothing. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.#places.filter((member) => member !== undefined).values();
  }
}
