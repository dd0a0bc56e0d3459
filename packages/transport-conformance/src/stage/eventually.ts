import { setImmediate, setTimeout } from 'node:timers/promises';

/** Waits until the condition holds; false when it still does not after `withinMs` milliseconds. */
export async function eventually(condition: () => boolean, withinMs = 3_000): Promise<boolean> {
  const end = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > end) return false;
    await setTimeout(2);
  }
  return true;
}

/** Lets the event loop turn: what the kernel has for either side is then known to it. */
export async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i += 1) await setImmediate();
}
