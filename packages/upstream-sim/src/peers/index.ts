/** Peers that misbehave to the byte: for conformance tests of HTTP clients. */
export { createLoopbackCertificate, type LoopbackCertificate } from '../certificate.ts';
export {
  CODE,
  dataFrame,
  FLAG,
  FRAME,
  frame,
  headerBlock,
  SETTING,
  settingsFrame,
  uint32,
} from './h2-frames.ts';
export type { Behaviour, Peer, PeerAnswer, PeerRequest } from './peer.ts';
export { type RawH1Connection, type RawH1Peer, type RawH1Request, rawH1Peer } from './raw-h1-peer.ts';
export {
  type ConnectionBehaviour,
  type RawH2Connection,
  type RawH2Peer,
  type RawH2Stream,
  rawH2Peer,
} from './raw-h2-peer.ts';
export { type RawPeers, rawPeers } from './raw-peers.ts';
export { type SynBlackhole, synBlackhole } from './syn-blackhole.ts';
export { type Road, type TcpProxy, type TcpProxyOptions, tcpProxy } from './tcp-proxy.ts';
export { type Listener, listenTcp, listenTls } from './tls-listener.ts';
