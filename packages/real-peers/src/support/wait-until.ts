import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 5;

/**
 * Asks until the answer is yes: for what another process does, which tells nobody.
 * @throws Error that names `what` when it has not come within `timeoutMs`.
 */
export async function waitUntil(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await delay(POLL_MS);
  }
}
