/** The simulator's control port, as far as drills use it. */
import { z } from 'zod';

/** It is on this machine and has nothing else to do. Milliseconds. */
const ANSWER_MS = 5_000;

const added = z.object({ ids: z.array(z.string()) });

/** @throws Error when the simulator does not do it. */
export class SimulatorControl {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** @returns the ids of the faults. */
  async add(rules: readonly object[]): Promise<readonly string[]> {
    return added.parse(await this.#call('POST', '/faults', rules)).ids;
  }

  async remove(id: string): Promise<void> {
    await this.#call('DELETE', `/faults/${id}`);
  }

  /** Answers before it begins. */
  async freeze(ms: number): Promise<void> {
    await this.#call('POST', '/freeze', { ms });
  }

  async #call(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    // A fault that has struck as often as it was to is gone by itself.
    if (!response.ok && response.status !== 404) throw new Error(`the simulator answered ${response.status}`);
    return await response.json();
  }
}
