import type { Socket } from 'node:net';
import { createLoopbackCertificate, listenTcp, listenTls, synBlackhole } from '@ferry/upstream-sim/peers';
import type { Stage, Upload } from '../stage/stage.ts';
import { engineRun } from './engine-run.ts';
import { BOTH, type FaultCase, H2, type Strike } from './fault-case.ts';

/** Small enough to be waited for; what passes is the limit, not a number of milliseconds. */
const SHORT = { connectMs: 250 };

/** Where there is never a connection, the fault's upload goes elsewhere and the next one to the stage's own peer. */
const before = (
  row: number,
  title: string,
  produce: (stage: Stage) => Promise<Upload>,
  expect: Pick<Strike['expect'], 'kinds'>,
): Strike => ({
  row,
  title,
  protocols: BOTH,
  cold: true,
  produce,
  expect: { outcome: 'fails', delivery: ['not-sent'], phases: ['connect'], connection: 'none', ...expect },
});

/** A TCP listener that does with each connection what it is told. */
async function tcp(stage: Stage, onSocket: (socket: Socket) => void): Promise<URL> {
  return stage.keep(await listenTcp(onSocket)).url;
}

export const CONNECTING: readonly FaultCase[] = [
  before(
    1,
    'a name that does not exist',
    // RFC 6761 section 6.4: never resolves.
    async () => ({ url: new URL('https://ferry.invalid/upload') }),
    { kinds: ['dns'] },
  ),
  before(
    2,
    'a refused connection',
    async () => {
      const gone = await listenTcp(() => undefined);
      await gone.close();
      return { url: gone.url };
    },
    { kinds: ['connect'] },
  ),
  before(
    3,
    'a SYN that nobody answers',
    async (stage) => ({ url: stage.keep(await synBlackhole()).url, limits: SHORT }),
    { kinds: ['timeout'] },
  ),
  before(
    4,
    'a peer that accepts and never begins TLS',
    async (stage) => ({ url: await tcp(stage, (socket) => socket.resume()), limits: SHORT }),
    { kinds: ['timeout'] },
  ),
  before(
    5,
    'FIN in the TLS handshake',
    async (stage) => ({ url: await tcp(stage, (socket) => socket.once('data', () => socket.end())) }),
    { kinds: ['tls'] },
  ),
  before(
    5,
    'RST in the TLS handshake',
    async (stage) => ({
      url: await tcp(stage, (socket) => socket.once('data', () => socket.resetAndDestroy())),
    }),
    { kinds: ['tls'] },
  ),
  before(
    6,
    'a certificate of an authority that is not trusted',
    async (stage) => ({ url: await stranger(stage, undefined) }),
    { kinds: ['tls'] },
  ),
  before(
    6,
    'a certificate for another name',
    async (stage) => ({ url: await stranger(stage, '127.0.0.2') }),
    { kinds: ['tls'] },
  ),
  {
    row: 6,
    title: 'an untrusted certificate is not tried again',
    protocols: BOTH,
    cold: true,
    async story(stage) {
      const url = await stranger(stage, undefined);
      const { failure, attempts } = await engineRun(stage, { url });
      stage.check(failure?.code === 'upstream_transport', 'it should fail as a transport failure');
      stage.check(attempts === 1, `it should be tried once, and was tried ${attempts} times`);
    },
  },
  {
    ...before(
      7,
      'a server that offers HTTP/1.1 only in ALPN',
      async (stage) => {
        const { certificate } = stage;
        const only = await listenTls({
          certificate,
          alpn: 'http/1.1',
          onSecure: (socket) => socket.resume(),
        });
        return { url: stage.keep(only).url };
      },
      { kinds: ['http1-required'] },
    ),
    protocols: H2,
  },
  {
    row: 8,
    title: 'a peer that speaks HTTP/1.1 on an HTTP/2 connection',
    protocols: H2,
    cold: true,
    // Every connection is met so until the upload is over, and one that stood by would take the next upload down with it.
    policy: { spares: 0 },
    produce({ h2 }) {
      h2.everyConnection((c) => c.send(Buffer.from('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n')));
      return { limits: SHORT };
    },
    expect: {
      outcome: 'fails',
      delivery: ['unknown', 'not-sent'],
      kinds: ['protocol'],
      connection: 'none',
    },
    also: ({ h2 }) => h2.everyConnection((c) => c.greet()),
  },
  {
    row: 9,
    title: 'a peer that never sends SETTINGS',
    protocols: H2,
    cold: true,
    policy: { spares: 0 },
    produce({ h2 }) {
      h2.everyConnection((c) => {
        c.acknowledge = false;
        c.pong = false;
      });
      return { limits: SHORT };
    },
    expect: {
      outcome: 'fails',
      delivery: ['unknown', 'not-sent'],
      kinds: ['timeout', 'protocol'],
      connection: 'none',
    },
    also: ({ h2 }) => h2.everyConnection((c) => c.greet()),
  },
];

/** A TLS server whose certificate nobody should accept. */
async function stranger(stage: Stage, host: string | undefined): Promise<URL> {
  const certificate = host === undefined ? await createLoopbackCertificate() : stage.certificate;
  const alpn = stage.protocol;
  const options = { certificate, alpn, ...(host === undefined ? {} : { host }) };
  return stage.keep(await listenTls({ ...options, onSecure: (socket) => socket.resume() })).url;
}
