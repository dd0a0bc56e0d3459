import type { Protocol } from '@ferry/core';
import {
  type LoopbackCertificate,
  type RawH1Peer,
  type RawH2Peer,
  rawH1Peer,
  rawH2Peer,
  rawPeers,
} from '@ferry/upstream-sim/peers';

export interface PeersOptions {
  readonly certificate: LoopbackCertificate;
  readonly protocol: Protocol;
  /** The client may go over to HTTP/1.1: both protocols on one port. Default false. */
  readonly fallsBack?: boolean | undefined;
}

/** Whom a transport talks to. Of two peers either closes both. */
export async function peersFor({
  certificate,
  protocol,
  fallsBack = false,
}: PeersOptions): Promise<{ readonly h2?: RawH2Peer; readonly h1?: RawH1Peer }> {
  if (fallsBack) return await rawPeers({ certificate });
  return protocol === 'h2'
    ? { h2: await rawH2Peer({ certificate }) }
    : { h1: await rawH1Peer({ certificate }) };
}
