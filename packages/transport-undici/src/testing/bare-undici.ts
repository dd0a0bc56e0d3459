import tls from 'node:tls';
import { Client, type Dispatcher } from 'undici';
import { afterEach, expect } from 'vitest';
import { sessionOf } from '../connection/session-probe.ts';
import { certificate } from './certificate.ts';
import { type RawConnection, type RawPeer, rawPeer } from './raw-peer.ts';

/** undici as it is, against frame-level peers: what the facts are told with. */
export class BareUndici {
  readonly #leftovers: { client: Client; peer: RawPeer }[] = [];

  constructor() {
    afterEach(() => this.#end());
  }

  /** One Client on sockets of ours. */
  async bare(script: (connection: RawConnection) => void, options: Client.Options = {}) {
    const peer = await rawPeer(script);
    const { cert } = await certificate();
    let connects = 0;
    let socket: tls.TLSSocket | undefined;
    const client = new Client(peer.url.origin, {
      headersTimeout: 0,
      bodyTimeout: 0,
      ...options,
      connect: (_, callback) => {
        connects += 1;
        const opening = tls.connect({
          port: Number(peer.url.port),
          host: '127.0.0.1',
          servername: 'localhost',
          ca: cert,
          ALPNProtocols: ['h2'],
        });
        socket = opening;
        opening.once('error', (error) => callback(error, null));
        opening.once('secureConnect', () => callback(null, opening));
      },
    });
    this.#leftovers.push({ client, peer });
    return {
      client,
      peer,
      connects: () => connects,
      session: () => (socket === undefined ? undefined : sessionOf(socket)),
    };
  }

  async #end(): Promise<void> {
    for (const { client, peer } of this.#leftovers.splice(0)) {
      await client.destroy();
      await expect.poll(() => peer.openSockets()).toBe(0);
      await peer.close();
    }
  }
}

export interface Outcome {
  readonly status: number;
  readonly body: string;
}

/** One request; a POST unless told otherwise. */
export function run(client: Client, options: Partial<Dispatcher.DispatchOptions> = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    let status = 0;
    let body = '';
    client.dispatch(
      { path: '/', method: 'POST', ...options },
      {
        onRequestStart: () => undefined,
        onResponseStart: (_, code) => {
          status = code;
        },
        onResponseData: (_, chunk) => {
          body += chunk.toString();
        },
        onResponseEnd: () => resolve({ status, body }),
        onResponseError: (_, error) => reject(error),
      },
    );
  });
}

/** A body as undici takes it from an iterable. */
export function iterated(slices: AsyncIterable<Uint8Array>): Pick<Dispatcher.DispatchOptions, 'body'> {
  return { body: slices as unknown as NonNullable<Dispatcher.DispatchOptions['body']> };
}
