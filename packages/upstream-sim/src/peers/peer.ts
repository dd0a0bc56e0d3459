/** What the peers below the level of HTTP have in common: they do exactly what a test says, polite or not. */

/** What the peer does with one request. A hook that is missing does nothing; in all others the peer keeps silent. */
export interface Behaviour<R> {
  /** The request's headers have arrived. */
  readonly headers?: (request: R) => void;
  /** Some of its body has arrived. */
  readonly data?: (request: R) => void;
  /** The client has said that the request is whole. */
  readonly whole?: (request: R) => void;
}

/** An answer of a peer. At most 48 KiB of body: the peers do not wait for a window of the client's. */
export interface PeerAnswer {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default `ok`. */
  readonly body?: string;
}

/** How much of a body's beginning is kept. */
export const START_BYTES = 16;

/** One request as it came in, and what can be done to it. The same over both protocols. */
export interface PeerRequest {
  /** Which connection it came on, from 0. */
  readonly connection: number;
  /** Requests before it on this connection. */
  readonly earlier: number;
  /** Body bytes received. */
  readonly bytes: number;
  /** The first 16 of them, so that a test can put a name on what it sends. */
  readonly start: Buffer;
  /** The client said that the request is whole: END_STREAM, the last chunk, or all of content-length. */
  readonly whole: boolean;
  /** The client took it back: it reset the stream or closed the connection before the request was whole. */
  readonly abandoned: boolean;
  /** The peer has written a whole answer. */
  readonly answered: boolean;
  /** Hexadecimal SHA-256 of the body bytes so far. */
  sha256(): string;
  /** A whole, decent answer. */
  answer(answer?: PeerAnswer): void;
  /** Headers and the start of an answer that announces `contentLength` bytes and stays unfinished. */
  answerPart(part: string, contentLength: number): void;
  /** Ends the TCP connection with FIN, without a word in TLS or HTTP. */
  fin(): void;
  /** Ends the TCP connection with RST. */
  rst(): void;
  /** Stops reading from the connection: the kernel's buffers fill up and the client's bytes go nowhere. */
  stopReading(): void;
}

/** A peer that listens on loopback. `R` is its protocol's request. */
export interface Peer<R extends PeerRequest = PeerRequest> {
  readonly url: URL;
  /** Every request whose headers have arrived, oldest first. */
  readonly requests: readonly R[];
  /** Connections accepted in its life. */
  accepted(): number;
  /** TCP connections open now. */
  openSockets(): number;
  /** The next `times` requests that arrive are met with this. Calls queue up. */
  next(behaviour: Behaviour<R>, times?: number): void;
  /** Every request that `next` does not speak for is met with this; at first that is a decent answer. */
  always(behaviour: Behaviour<R>): void;
  /** FIN on every open connection. */
  finAll(): void;
  /** Resolves when the condition holds; looked at again whenever anything arrives or closes. */
  until(condition: () => boolean): Promise<void>;
  /** Destroys what is open and stops listening. */
  close(): Promise<void>;
}

/** Which behaviour is whose: a queue, and what holds when it is empty. */
export class Agenda<B> {
  readonly #queue: B[] = [];
  #standing: B;

  constructor(standing: B) {
    this.#standing = standing;
  }

  next(behaviour: B, times = 1): void {
    for (let i = 0; i < times; i += 1) this.#queue.push(behaviour);
  }

  always(behaviour: B): void {
    this.#standing = behaviour;
  }

  take(): B {
    return this.#queue.shift() ?? this.#standing;
  }
}

/** Lets others wait for a condition that changes with events. */
export class Changes {
  readonly #waiting = new Set<() => void>();

  announce(): void {
    for (const look of [...this.#waiting]) look();
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!condition()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }
}
