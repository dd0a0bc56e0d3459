import { inFreshProcess } from '../children/child.ts';

/** How many requests a load has. Requests go out one after another on each of `atOnce` connections. */
export interface LoadLength {
  /** The warm-up goes on for so long. */
  readonly warmUpMs: number;
  /** And for so many requests on each connection. */
  readonly warmUpRequests: number;
  /** About so long is measured, by the pace of the warm-up. */
  readonly measureMs: number;
  /** At least so many requests are measured, and at least `minEach` on each connection. */
  readonly minRequests: number;
  readonly minEach: number;
  /** What is not answered by then, from the start of the warm-up, has failed. */
  readonly maxMs: number;
}

/** Requests one after another, `atOnce` of them side by side, each a form with one photograph. */
export interface LoadOrder extends LoadLength {
  /** `gateway`: autocannon posts the form to img2img. `direct`: the upload and the edit go straight to the upstream. */
  readonly to: 'gateway' | 'direct';
  readonly origin: string;
  /** For TLS; PEM. */
  readonly caPem: string;
  /** The photograph. */
  readonly imagePath: string;
  readonly atOnce: number;
}

/** What the client process saw after its warm-up. Every request that was begun then is in it, and none that was begun before. */
export interface LoadSeen {
  /** Of the requests that were answered with success. */
  readonly latenciesMs: readonly number[];
  /** Answers that were no success, and requests without an answer. */
  readonly failures: number;
  /** From the first request to the last answer. */
  readonly ms: number;
  /** User and system time of the client process in that time. */
  readonly cpuMs: number;
  readonly peakRssBytes: number;
}

export type LoadMessage = { readonly type: 'measuring' } | ({ readonly type: 'done' } & LoadSeen);

const GRACE_MS = 20_000;

/**
 * Runs a load in a fresh process.
 * @param onMeasuring called when the warm-up is over.
 * @throws Error when the process ends, or is late, without a result; also when no request was answered.
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
