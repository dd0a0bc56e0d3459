import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { TestCertificate } from './certificate.ts';

/**
 * A peer in a thread of its own, so that it can answer while this thread's event loop stands still. In one thread the
 * client always learns first that its bytes were taken.
 */
export interface PromptPeer extends AsyncDisposable {
  readonly url: URL;
  /** Answers that the peer's kernel has taken. */
  readonly answered: number;
}

/** Answers each request as soon as its last byte has arrived, over TLS when given a certificate. */
export async function startPromptPeer(certificate?: TestCertificate): Promise<PromptPeer> {
  const answers = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Worker(new URL('./prompt-peer-thread.ts', import.meta.url), {
    workerData: { certificate, answers },
  });
  const [port] = await once(thread, 'message');
  return {
    url: new URL(`${certificate ? 'https' : 'http'}://localhost:${port}/`),
    get answered() {
      return Atomics.load(answers, 0);
    },
    async [Symbol.asyncDispose]() {
      await thread.terminate();
    },
  };
}

/**
 * Lets promises and ticks run on, but not the event loop, until the condition holds: whatever comes in meanwhile is read
 * before any callback of an earlier write. Resolves with false when it has not held within 5 s.
 */
export function holdEventLoopUntil(condition: () => boolean): Promise<boolean> {
  const end = performance.now() + 5_000;
  return new Promise((resolve) => {
    const turn = (): void => {
      if (condition() || performance.now() > end) resolve(condition());
      // Alternating, since either queue alone would starve the other.
      else process.nextTick(() => queueMicrotask(turn));
    };
    turn();
  });
}
