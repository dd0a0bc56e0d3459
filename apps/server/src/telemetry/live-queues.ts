/** What runs and what waits for a place: looked at when somebody asks, and told of once a second when it has changed. */
import type { Telemetry } from './telemetry.ts';
import type { QueueName } from './telemetry-event.ts';

export interface QueueState {
  readonly running: number;
  readonly waiting: number;
  /** The most that may run at once. */
  readonly limit: number;
}

/** Milliseconds. Telling of every change would be an event a slice of an upload under load. */
const SAMPLE_MS = 1_000;

export class LiveQueues implements Disposable {
  readonly #telemetry: Telemetry;
  readonly #queues = new Map<QueueName, () => QueueState>();
  readonly #told = new Map<QueueName, QueueState>();
  #cancel: (() => void) | undefined;

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry;
    this.#next();
  }

  /** `look` is asked whenever somebody wants to know. One a name: a later one replaces it. */
  watch(name: QueueName, look: () => QueueState): void {
    this.#queues.set(name, look);
  }

  /** Everything that is watched, now. */
  list(): (QueueState & { readonly queue: QueueName })[] {
    return [...this.#queues].map(([queue, look]) => ({ queue, ...look() }));
  }

  [Symbol.dispose](): void {
    this.#cancel?.();
  }

  #next(): void {
    this.#cancel = this.#telemetry.clock.after(SAMPLE_MS, () => this.#sample(), { keepAlive: false });
  }

  #sample(): void {
    for (const state of this.list()) {
      if (isSame(this.#told.get(state.queue), state)) continue;
      this.#told.set(state.queue, state);
      this.#telemetry.publish({ type: 'queue', ...state });
    }
    this.#next();
  }
}

const isSame = (a: QueueState | undefined, b: QueueState): boolean =>
  a?.running === b.running && a.waiting === b.waiting && a.limit === b.limit;
