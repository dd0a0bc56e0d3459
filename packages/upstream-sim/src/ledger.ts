import type { Work } from './api/answer.ts';

export type Protocol = 'h2' | 'http/1.1';

/** What became of a request, seen from the server. */
export type Outcome =
  /** Still running. */
  | 'open'
  /** A whole answer was written. */
  | 'answered'
  /** A fault ended it. */
  | 'faulted'
  /** The client ended it, or its connection broke. */
  | 'aborted';

export interface AppliedFault {
  /** The rule that matched. */
  readonly ruleId: string;
  readonly kind: string;
  /** What was really done, in words, such as `RST_STREAM PROTOCOL_ERROR after 65536 body bytes`. */
  readonly effect: string;
}

/** One request as it was received. Holds no key, no header and no body. */
export interface LedgerEntry {
  /** From 1, in order of arrival. */
  readonly sequence: number;
  /** When its headers arrived, milliseconds since the Unix epoch. */
  readonly at: number;
  readonly method: string;
  /** Without query. */
  readonly path: string;
  readonly protocol: Protocol;
  /** One for each TLS session, such as `c3`. */
  readonly connectionId: string;
  /** 1 for the first request of its connection. */
  readonly connectionUse: number;
  /** HTTP/2 only. */
  readonly streamId?: number;
  /** Start of the SHA-256 of the API key. */
  readonly keyAlias?: string;
  readonly outcome: Outcome;
  /** Body bytes taken in, so far while the request runs. */
  readonly bytesReceived: number;
  /** Whether the body came to its proper end: END_STREAM or the last chunk, and as long as content-length said. */
  readonly bodyWhole: boolean;
  /** When that end came, milliseconds since the Unix epoch. */
  readonly bodyWholeAt?: number;
  /** Hexadecimal, over the body bytes taken in; once no more will come. */
  readonly bodySha256?: string;
  /** Written in the answer's headers. */
  readonly status?: number;
  /** What the API did, even when its answer was withheld by a fault: the proof that a request was acted upon. */
  readonly work?: Work;
  readonly fault?: AppliedFault;
  /** Until the exchange ended. */
  readonly durationMs?: number;
}

export interface LedgerQuery {
  readonly method?: string | undefined;
  /** Start of the path. */
  readonly path?: string | undefined;
  readonly connectionId?: string | undefined;
  readonly outcome?: Outcome | undefined;
  /** Only entries with a larger sequence. */
  readonly after?: number | undefined;
}

type Mutable = { -readonly [Name in keyof LedgerEntry]: LedgerEntry[Name] };

/** A handle to the entry of a running request. */
export interface LedgerRecord {
  readonly entry: LedgerEntry;
  update(fields: Partial<Omit<LedgerEntry, 'sequence' | 'at' | 'bodyWhole' | 'bodyWholeAt'>>): void;
  /** The body has come to its proper end. */
  bodyIsWhole(): void;
}

/** Every request received, the newest `capacity` of them. */
export class Ledger {
  readonly #capacity: number;
  readonly #now: () => number;
  readonly #journal: (entry: LedgerEntry) => void;
  readonly #waiting = new Set<() => void>();
  #entries: Mutable[] = [];
  #sequence = 0;

  /**
   * @param journal hears of an entry when its work is done, before any of the answer is written, and again when it is over: what
   * it has kept by then survives the process.
   */
  constructor(
    capacity = 10_000,
    now: () => number = Date.now,
    journal: (entry: LedgerEntry) => void = () => undefined,
  ) {
    this.#capacity = capacity;
    this.#now = now;
    this.#journal = journal;
  }

  /** Begins the entry of a request. */
  open(
    fields: Pick<
      LedgerEntry,
      'method' | 'path' | 'protocol' | 'connectionId' | 'connectionUse' | 'streamId' | 'keyAlias'
    >,
  ): LedgerRecord {
    const entry: Mutable = {
      sequence: ++this.#sequence,
      at: this.#now(),
      ...fields,
      outcome: 'open',
      bytesReceived: 0,
      bodyWhole: false,
    };
    this.#entries.push(entry);
    if (this.#entries.length > this.#capacity) this.#entries.shift();
    this.#changed();
    return {
      entry,
      update: (changes) => {
        Object.assign(entry, changes);
        const over = changes.outcome !== undefined && changes.outcome !== 'open';
        if (over) entry.durationMs = this.#now() - entry.at;
        if (over || changes.work) this.#journal({ ...entry });
        this.#changed();
      },
      bodyIsWhole: () => {
        Object.assign(entry, { bodyWhole: true, bodyWholeAt: this.#now() });
        this.#changed();
      },
    };
  }

  /** Copies of the matching entries, the oldest first. */
  entries(query: LedgerQuery = {}): LedgerEntry[] {
    return this.#entries
      .filter(
        (entry) =>
          (query.method === undefined || entry.method === query.method) &&
          (query.path === undefined || entry.path.startsWith(query.path)) &&
          (query.connectionId === undefined || entry.connectionId === query.connectionId) &&
          (query.outcome === undefined || entry.outcome === query.outcome) &&
          entry.sequence > (query.after ?? 0),
      )
      .map((entry) => ({ ...entry }));
  }

  /**
   * Waits until `condition` holds for the entries, looking again at every change.
   * @throws the signal's reason.
   */
  async waitUntil(
    condition: (entries: readonly LedgerEntry[]) => boolean,
    signal?: AbortSignal,
  ): Promise<LedgerEntry[]> {
    while (!condition(this.#entries)) {
      signal?.throwIfAborted();
      await new Promise<void>((resolve) => {
        const look = (): void => {
          this.#waiting.delete(look);
          signal?.removeEventListener('abort', look);
          resolve();
        };
        this.#waiting.add(look);
        signal?.addEventListener('abort', look, { once: true });
      });
    }
    return this.entries();
  }

  /** Waits until no request is running. */
  settled(signal?: AbortSignal): Promise<LedgerEntry[]> {
    return this.waitUntil((entries) => entries.every((entry) => entry.outcome !== 'open'), signal);
  }

  /** Forgets all entries; the sequence goes on. Requests that still run are not listed again. */
  clear(): void {
    this.#entries = [];
    this.#changed();
  }

  #changed(): void {
    for (const look of [...this.#waiting]) look();
  }
}
