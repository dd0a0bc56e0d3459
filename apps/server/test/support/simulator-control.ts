/** The simulator's control port: faults to order, and what it has seen. */

export interface LedgerEntry {
  /** When its headers arrived, milliseconds since the Unix epoch. */
  readonly at: number;
  readonly path: string;
  readonly protocol: string;
  readonly connectionId: string;
  readonly keyAlias?: string;
  readonly outcome: 'open' | 'answered' | 'faulted' | 'aborted';
  readonly bytesReceived: number;
  readonly bodyWhole: boolean;
  readonly status?: number;
  readonly work?: {
    readonly file?: { readonly sha256: string; readonly bytes: number; readonly expiresAt: number };
    readonly images?: number;
    readonly inputs?: readonly { readonly bytes: number; readonly sha256: string }[];
  };
}

export const UPLOADS = '/v1/files';
export const EDITS = '/v1/images/edits';

export class SimulatorControl {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** Orders faults; the rules are those of `@ferry/upstream-sim`. */
  async fault(...rules: readonly object[]): Promise<void> {
    await this.#call('POST', '/faults', rules);
  }

  async requests(path: string): Promise<readonly LedgerEntry[]> {
    const { entries } = (await this.#call('GET', `/ledger?path=${path}`)) as { entries: LedgerEntry[] };
    return entries;
  }

  /** Forgets faults and requests. */
  async reset(): Promise<void> {
    await this.#call('DELETE', '/faults');
    await this.#call('DELETE', '/ledger');
  }

  async openConnections(): Promise<number> {
    const { connections } = (await this.#call('GET', '/health')) as { connections: { open: number } };
    return connections.open;
  }

  async #call(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
    return await response.json();
  }
}
