import type { ConnectionState, RetireReason } from '@ferry/core';

/**
 * The life of a connection, `connecting -> live -> retired -> closed`, moved by compare-and-set: whoever asks for a
 * move that is not possible any more gets `false`, has lost the race, and cleans up after itself.
 */
export class ConnectionLife {
  #state: ConnectionState = 'connecting';
  #reason: RetireReason | undefined;
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

  goLive(): boolean {
    return this.#move(['connecting'], 'live');
  }

  retire(reason: RetireReason): boolean {
    if (this.#state !== 'live') return false;
    this.#reason = reason;
    return this.#move(['live'], 'retired');
  }

  /** A live connection is retired first, so that every life that was live ends with a reason. */
  close(reason: RetireReason): boolean {
    this.retire(reason);
    this.#reason ??= reason;
    return this.#move(['connecting', 'retired'], 'closed');
  }

  #move(from: readonly ConnectionState[], to: ConnectionState): boolean {
    if (!from.includes(this.#state)) return false;
    this.#state = to;
    this.#onChange(to);
    return true;
  }
}
