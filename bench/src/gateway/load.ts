import { inFreshProcess } from '../children/child.ts';

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
 * @throws Error when the process ends, or is late, without a result.
 */
export async function runLoadProcess(order: LoadOrder, onMeasuring: () => void): Promise<LoadSeen> {
  const take = (said: unknown): LoadSeen | undefined => {
    const message = said as LoadMessage;
    if (message.type === 'done') return message;
    onMeasuring();
    return undefined;
  };
  return await inFreshProcess('gateway/load-process', order, 'the client', order.maxMs + GRACE_MS, take);
}
