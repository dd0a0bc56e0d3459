import type { Turn } from './turn.ts';

/** Something that waits in a line. */
export interface Waiter {
  readonly turn: Turn;
}

/**
 * Who waits, by caller and by request. Served next is the caller that holds the least; among equals, and among the requests
 * of one caller, they take turns (max-min fairness, round robin). Knows nothing of permits, time or promises.
 */
export class WaitingLine<W extends Waiter> {
  /** Insertion order is the turn: who was served goes to the end. */
  readonly #callers = new Map<string, Map<Turn, W[]>>();
  readonly #lengths = new Map<string, number>();
  /** In order of arrival, to find the newest. */
  readonly #arrivals = new Set<W>();

  get size(): number {
    return this.#arrivals.size;
  }

  /** How many of `caller` wait. */
  lengthOf(caller: string): number {
    return this.#lengths.get(caller) ?? 0;
  }

  /** The most that wait of one caller. */
  get longest(): number {
    return Math.max(0, ...this.#lengths.values());
  }

  add(waiter: W): void {
    const { turn } = waiter;
    const requests = this.#callers.get(turn.caller) ?? new Map<Turn, W[]>();
    this.#callers.set(turn.caller, requests);
    const own = requests.get(turn);
    if (own) own.push(waiter);
    else requests.set(turn, [waiter]);
    this.#lengths.set(turn.caller, this.lengthOf(turn.caller) + 1);
    this.#arrivals.add(waiter);
  }

  /** Takes `waiter` out; does nothing when it is not there. */
  remove(waiter: W): void {
    if (!this.#arrivals.delete(waiter)) return;
    const { turn } = waiter;
    const requests = this.#callers.get(turn.caller);
    const rest = requests?.get(turn)?.filter((other) => other !== waiter) ?? [];
    if (rest.length > 0) requests?.set(turn, rest);
    else requests?.delete(turn);
    if (requests?.size === 0) this.#callers.delete(turn.caller);
    const length = this.lengthOf(turn.caller) - 1;
    if (length > 0) this.#lengths.set(turn.caller, length);
    else this.#lengths.delete(turn.caller);
  }

  /** Takes out whoever is next. @param held what a caller holds already. */
  takeNext(held: (caller: string) => number): W | undefined {
    const caller = leastOf(this.#callers.keys(), held);
    if (caller === undefined) return undefined;
    const [first] = this.#callers.get(caller) ?? [];
    const waiter = first?.[1][0];
    if (waiter === undefined) return undefined;
    this.remove(waiter);
    this.#toTheEnd(waiter.turn);
    return waiter;
  }

  /** Takes out the newest of the caller that waits the most. */
  takeNewestOfLongest(): W | undefined {
    const { longest } = this;
    const newest = [...this.#arrivals].findLast(({ turn }) => this.lengthOf(turn.caller) === longest);
    if (newest !== undefined) this.remove(newest);
    return newest;
  }

  #toTheEnd(turn: Turn): void {
    const requests = this.#callers.get(turn.caller);
    if (requests === undefined) return;
    this.#callers.delete(turn.caller);
    this.#callers.set(turn.caller, requests);
    const own = requests.get(turn);
    if (own === undefined) return;
    requests.delete(turn);
    requests.set(turn, own);
  }
}

/** The first of those for which `measure` is least. */
function leastOf<T>(items: Iterable<T>, measure: (item: T) => number): T | undefined {
  let least: { readonly item: T; readonly size: number } | undefined;
  for (const item of items) {
    const size = measure(item);
    if (least === undefined || size < least.size) least = { item, size };
  }
  return least?.item;
}
