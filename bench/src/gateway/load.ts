import { fork } from 'node:child_process';
import { program } from '../program.ts';

/** Requests one after another, `atOnce` of them side by side, each a form with one photograph. */
export interface LoadOrder {
  /** `gateway`: autocannon posts the form to img2img. `direct`: the upload and the edit go straight to the upstream. */
  readonly to: 'gateway' | 'direct';
  readonly origin: string;
  /** For TLS; PEM. */
  readonly caPem: string;
  /** The photograph. */
  readonly imagePath: string;
  readonly atOnce: number;
  readonly warmUpMs: number;
  /** At least so long, and until `minRequests` are answered. */
  readonly measureMs: number;
  readonly minRequests: number;
  /** Over by then, warm-up included. */
  readonly maxMs: number;
}

/** What the client process saw after its warm-up. */
export interface LoadSeen {
  /** Of the requests that began after the warm-up and were answered with success. */
  readonly latenciesMs: readonly number[];
  /** All that were answered with success after the warm-up, also those that had begun in it. */
  readonly answered: number;
  /** Answers that were no success, and requests without an answer. */
  readonly failures: number;
  readonly ms: number;
  /** User and system time of the client process. */
  readonly cpuMs: number;
  readonly peakRssBytes: number;
}

export type LoadMessage = { readonly type: 'measuring' } | ({ readonly type: 'done' } & LoadSeen);

const GRACE_MS = 20_000;

/**
 * Runs a load in a fresh process.
 * @param onMeasuring called when the warm-up is over.
 */
export async function runLoadProcess(order: LoadOrder, onMeasuring: () => void): Promise<LoadSeen> {
  const child = fork(program('gateway/load-process'));
  const limit = setTimeout(() => child.kill('SIGKILL'), order.maxMs + GRACE_MS);
  try {
    return await new Promise<LoadSeen>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) =>
        reject(new Error(`the client ended (${signal ?? code}) without a result`)),
      );
      child.on('message', (message: LoadMessage) => {
        if (message.type === 'measuring') onMeasuring();
        else resolve(message);
      });
      child.send(order);
    });
  } finally {
    clearTimeout(limit);
    child.kill('SIGKILL');
  }
}
