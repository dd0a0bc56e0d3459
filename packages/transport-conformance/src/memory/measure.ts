import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Collections until what hangs on finalizers and closed handles has gone too. */
const COLLECTIONS = 3;

/** Node's collector, with or without `--expose-gc` at the start. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

/**
 * Bytes that this process holds after garbage collection: the heap in use, and what lies outside of it on behalf of
 * JavaScript, buffers among them (`external` counts `arrayBuffers` in).
 */
export async function heldBytes(): Promise<number> {
  const collect = collector();
  for (let i = 0; i < COLLECTIONS; i += 1) {
    collect();
    await setImmediate();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
