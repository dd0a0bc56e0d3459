/**
 * A connection is given up this long before the peer would close it, so that a request does not meet its FIN on the way.
 * The same second as Node's own agent (`agentKeepAliveTimeoutBuffer`).
 */
const KEEP_ALIVE_MARGIN_MS = 1_000;

/**
 * How long the peer lets the connection idle, by its `keep-alive: timeout=N, max=M` header (RFC 2068 section 19.7.1.1,
 * still sent by Node, Apache and nginx), less a margin. 0 when the connection must not be kept, `Infinity` without a hint.
 */
export function peerIdleLimitMs(header: string | undefined): number {
  if (header === undefined) return Number.POSITIVE_INFINITY;
  if (/(?:^|[,\s])max=0*(?:$|[,;\s])/i.test(header)) return 0;
  const seconds = /(?:^|[,\s])timeout=(\d+)/i.exec(header)?.[1];
  if (seconds === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(0, Number(seconds) * 1_000 - KEEP_ALIVE_MARGIN_MS);
}
