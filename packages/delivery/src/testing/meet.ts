import type { FaultRule, Simulator } from '@ferry/upstream-sim';

/** A kept connection fails once, and then it is gone. */
const TRIES = 5;

/**
 * Arms a fault and sends until it has struck: a connection that the built-in fetch has kept may be dead since the fault before this one.
 * Gives what the request that met it has thrown; undefined when it came through.
 * @throws Error when the requests fail before they can meet it.
 */
export async function meet(
  { faults }: Simulator,
  rule: FaultRule,
  send: () => Promise<unknown>,
): Promise<unknown> {
  faults.add(rule);
  let thrown: unknown;
  for (let tries = 0; tries < TRIES; tries += 1) {
    thrown = await send().then(
      () => undefined,
      (error: unknown) => error,
    );
    if (faults.list().length === 0) return thrown;
  }
  throw new Error('the fault was not met', { cause: thrown });
}
