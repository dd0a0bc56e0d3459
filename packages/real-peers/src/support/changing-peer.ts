import { expect } from 'vitest';
import { AGREED, audit, type Proof } from './audit.ts';
import type { RealServer, ServerKind } from './real-server.ts';
import type { Traffic } from './traffic.ts';
import type { SeenRequest } from './traffic-log.ts';
import type { UploadSink } from './upload-sink.ts';

/** A server of which one thing is changed while it is used, such as what it offers by ALPN. */
export interface ChangingPeer<Change> {
  readonly name: string;
  kind(change: Change): ServerKind;
  /** Has what runs go by the new configuration. */
  reload(server: RealServer): Promise<void>;
  readLog(server: RealServer): Promise<readonly SeenRequest[]>;
  /** Default that of the contract. */
  readonly proven?: Proof;
  /** The origin behind it. */
  readonly sink?: UploadSink;
}

export async function change<Change>(
  peer: ChangingPeer<Change>,
  server: RealServer,
  to: Change,
): Promise<void> {
  await server.reconfigure(peer.kind(to));
  await peer.reload(server);
}

/** Ends the server and compares what the client believes with its log, and with that of the origin. */
export async function expectAgreement<Change>(
  peer: ChangingPeer<Change>,
  server: RealServer,
  traffic: Traffic,
): Promise<void> {
  await server.stop();
  const logs = [await peer.readLog(server), ...(peer.sink === undefined ? [] : [peer.sink.seen])];
  for (const log of logs) expect(audit(traffic, log, peer.proven)).toEqual(AGREED);
}
