import type { Socket } from 'node:net';
import type { ReusePolicy } from '@ferry/core';

/** Only whole seconds count. */
const LEAST_MS = 1_000;
const COUNT = 3;

/**
 * HTTP/1.1 has no PING, so connections that stand by are watched by TCP instead: the kernel probes a silent peer, and a connection
 * that something on the way has dropped without a word is reset and retired before a request meets it. Interval and count are
 * known to Node from 26.4 and ignored before (then 10 probes, 1 s apart).
 */
export interface KeepAliveProbes {
  start(socket: Socket): void;
}

export function keepAliveProbes({
  proveAfterIdleMs,
  proveTimeoutMs,
}: Pick<ReusePolicy, 'proveAfterIdleMs' | 'proveTimeoutMs'>): KeepAliveProbes {
  const afterMs = Math.max(LEAST_MS, proveAfterIdleMs);
  const everyMs = Math.max(LEAST_MS, proveTimeoutMs);
  return {
    start(socket) {
      if (Number.isFinite(afterMs)) socket.setKeepAlive(true, afterMs, everyMs, COUNT);
    },
  };
}
