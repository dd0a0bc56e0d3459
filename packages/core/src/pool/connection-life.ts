import type { ConnectionState, RetireReason } from '../transport/pool-event.ts';
import type { AcquireFailure } from './acquire-failure.ts';

/**
 * The life of a connection, `connecting -> live -> retired -> closed`, moved by compare-and-set: whoever asks for a
 * move that is not possible any more gets `false`, has lost the race, and cleans up after itself.
 */
export class ConnectionLife {
  #state: ConnectionState = 'connecting';
  #reason: RetireReason | undefined;
  #failure: AcquireFailure | undefined;
  readonly #onChange: (state: ConnectionState) => void;

  constructor(onChange: (state: ConnectionState) => void) {
    this.#onChange = onChange;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The first reason given; later ones are consequences. */
  get reason(): RetireReason | undefined {
    return this.#reason;
  }

  /** Why it never went live, if it did not and whoever opened it said so. */
  get failure(): AcquireFailure | undefined {
    return this.#failure;
  }

  goLive(): boolean {
    return this.#move(['connecting'], 'live');
  }

  retire(reason: RetireReason): boolean {
    if (this.#state !== 'live') return false;
    this.#reason = reason;
    return this.#move(['live'], 'retired');
  }

  /**
   * A live connection is retired first, so that every life that was live ends with a reason.
   * @param failure why it could not be opened; heard only while it is connecting.
   */
  close(reason: RetireReason, failure?: AcquireFailure): boolean {
    this.retire(reason);
    this.#reason ??= reason;
    if (this.#state === 'connecting') this.#failure = failure;
    return this.#move(['connecting', 'retired'], 'closed');
  }

  #move(from: readonly ConnectionState[], to: ConnectionState): boolean {
    if (!from.includes(this.#state)) return false;
    this.#state = to;
    this.#onChange(to);
    return true;
  }
}
