import type { Protocol } from '@ferry/core';

const VERSIONS = { h2: '2', 'http/1.1': '1.1' } as const satisfies Record<Protocol, string>;

/** The peer and the protocol in OpenTelemetry's words (semantic conventions for HTTP). */
export function clientLabels(
  origin: string,
  protocol: Protocol | undefined,
): {
  readonly 'server.address': string;
  readonly 'server.port': number;
  readonly 'network.protocol.version'?: string;
} {
  const { hostname, port, protocol: scheme } = new URL(origin);
  return {
    'server.address': hostname,
    'server.port': Number(port) || (scheme === 'http:' ? 80 : 443),
    ...(protocol !== undefined && { 'network.protocol.version': VERSIONS[protocol] }),
  };
}
