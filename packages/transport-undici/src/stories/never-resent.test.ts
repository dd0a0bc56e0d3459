import { fromBytes, fromFactory, POOLED, type RequestBody } from '@ferry/core';
import { describe, expect, it } from 'vitest';
import { CODE, FRAME, type RawConnection, type RawPeer } from '../testing/raw-peer.ts';
import { failureOf, text, World } from '../testing/world.ts';

const world = new World();

/** RFC 9113 section 6.5.2. */
const MAX_CONCURRENT_STREAMS = 3;

/** What undici itself would resend (a body that it has as a Buffer, or none), and what it would not. */
const forms: readonly (readonly [string, RequestBody | undefined])[] = [
  ['no body', undefined],
  ['a small body in memory', fromBytes(new Uint8Array(1_000))],
  ['a body in memory that is larger than the window', fromBytes(new Uint8Array(200_000))],
  ['a body in memory that goes out in pieces', fromBytes(new Uint8Array(1_000_000))],
  ['a body in pieces', fromFactory(() => [new Uint8Array(1_000), new Uint8Array(1_000)], 2_000)],
];

type Disturb = (connection: RawConnection, id: number) => void;

const refuse: Disturb = (connection, id) => connection.reset(id, CODE.REFUSED_STREAM);

/** By each of them a peer proves that it has done nothing, which is what makes undici send again. */
const disturbances: readonly (readonly [string, 'request' | 'whole', Disturb])[] = [
  ['REFUSED_STREAM at the headers', 'request', refuse],
  ['REFUSED_STREAM at the end', 'whole', refuse],
  [
    'REFUSED_STREAM from a peer that allows no stream any more',
    'request',
    (connection, id) => {
      connection.settings([[MAX_CONCURRENT_STREAMS, 0]]);
      refuse(connection, id);
    },
  ],
  ['GOAWAY below it', 'request', (connection) => connection.goaway(0, CODE.NO_ERROR)],
  ['GOAWAY below it with an error', 'request', (connection) => connection.goaway(0, CODE.ENHANCE_YOUR_CALM)],
  [
    'GOAWAY that lets it live, then one that does not',
    'request',
    (connection) => {
      connection.goaway(2 ** 31 - 1, CODE.NO_ERROR);
      connection.goaway(0, CODE.NO_ERROR);
    },
  ],
  [
    'REFUSED_STREAM and GOAWAY at once',
    'request',
    (connection, id) => {
      refuse(connection, id);
      connection.goaway(0, CODE.NO_ERROR);
    },
  ],
];

const requestsSeen = (peer: RawPeer): number =>
  peer.connections.reduce(
    (sum, { frames }) => sum + frames.filter((f) => f.type === FRAME.HEADERS).length,
    0,
  );

describe.each(forms)('a request with %s', (form, body) => {
  it.each(disturbances)('is on the wire once when it meets %s', async (_, when, disturb) => {
    let met = false;
    const peer = await world.peer((connection) => {
      connection.settings();
      connection.grantWindow = when === 'whole';
      const onRequest = (id: number) => {
        if (met) return;
        met = true;
        disturb(connection, id);
      };
      connection.on(when, onRequest);
      connection.on('whole', (id: number) => {
        if (id > 1 || connection.index > 0) connection.answer(id);
      });
    });
    const subject = await world.transport({ ...POOLED, maxConnections: 2 });
    const request = body === undefined ? { method: 'GET' as const } : { body };
    const error = await failureOf(subject.send(peer, request));
    expect(error).toMatchObject({ delivery: 'refused' });
    expect(error.exchange.bodyOpened).toBe(form !== 'no body');
    expect(requestsSeen(peer)).toBe(1);
    // What undici had still queued would leave before the next request, which takes a connection of its own.
    const avoid = new Set([error.exchange.connectionId ?? '']);
    peer.connections[0]?.settings([[MAX_CONCURRENT_STREAMS, 100]]);
    expect(await text(await subject.send(peer, { body: fromBytes(new Uint8Array(10)), avoid }))).toBe('ok');
    await subject.transport.close();
    expect(requestsSeen(peer)).toBe(2);
  });
});
