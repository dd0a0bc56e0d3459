import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientHttp2Stream } from 'node:http2';
import { fromBytes, POOLED, type TransportResponse } from '@ferry/core';
import { describe, expect, it } from 'vitest';
import { CODE, FRAME, type RawConnection } from '../testing/raw-peer.ts';
import { failureOf, World } from '../testing/world.ts';

const world = new World();

/** More than the client holds for a reader who has not come yet. Bytes. */
const LONG = 400 * 1024;
/** What undici's window lets a peer send at once, and no DATA frame may be longer than the other (RFC 9113 section 4.2). */
const WINDOW = 256 * 1024;
const FRAME_BYTES = 16 * 1024;

/** The client has taken in all that was sent before. */
async function taken(connection: RawConnection): Promise<void> {
  const heard = connection.frames.length;
  connection.ping();
  await connection.until((f) => f.type === FRAME.PING && connection.frames.indexOf(f) >= heard);
}

/** Sends 400 KiB, so that the client has asked its stream to pause before the last of them. */
async function sendLong(connection: RawConnection, id: number, ends: boolean): Promise<void> {
  for (let sent = 0; sent < LONG; sent += FRAME_BYTES) {
    if (sent === WINDOW) await taken(connection);
    connection.data(id, 'x'.repeat(FRAME_BYTES), { end: ends && sent + FRAME_BYTES === LONG });
  }
}

async function lengthOf(response: TransportResponse): Promise<number> {
  let bytes = 0;
  for await (const chunk of response.body) bytes += chunk.byteLength;
  return bytes;
}

describe.each([
  ['without a length', {}],
  ['with its length', { 'content-length': String(LONG) }],
])('an answer %s, whose reader comes late', (_, length) => {
  it('is whole when it ends in trailers', async () => {
    const arrived = Promise.withResolvers<void>();
    const peer = await world.peer((connection) => {
      connection.settings();
      connection.on('whole', async (id: number) => {
        connection.headers(id, { ':status': '200', ...length });
        await sendLong(connection, id, false);
        connection.headers(id, { 'x-checksum': 'none' }, { end: true });
        await taken(connection);
        arrived.resolve();
      });
    });
    const subject = await world.transport(POOLED);
    const response = await subject.send(peer, { method: 'GET' });
    await arrived.promise;
    expect(await lengthOf(response)).toBe(LONG);
    expect(subject.transport.stats()).toMatchObject({ live: 1, streams: 0 });
  });

  // RFC 9113 section 8.1: a server that needs no more of the request says so with RST_STREAM(NO_ERROR).
  it('is whole when the rest of the upload is declined', async () => {
    const arrived = Promise.withResolvers<void>();
    const peer = await world.peer((connection) => {
      connection.settings();
      connection.grantWindow = false;
      connection.on('request', async (id: number) => {
        connection.headers(id, { ':status': '200', ...length });
        await sendLong(connection, id, true);
        connection.reset(id, CODE.NO_ERROR);
        await taken(connection);
        arrived.resolve();
      });
    });
    const subject = await world.transport(POOLED);
    const response = await subject.send(peer, { body: fromBytes(new Uint8Array(1_000_000)) });
    await arrived.promise;
    expect(await lengthOf(response)).toBe(LONG);
  });
});

it('an answer of which the library loses a part is never a whole one', async () => {
  const arrived = Promise.withResolvers<void>();
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('whole', async (id: number) => {
      connection.headers(id, { ':status': '200' });
      await sendLong(connection, id, true);
      await taken(connection);
      arrived.resolve();
    });
  });
  let stream: ClientHttp2Stream | undefined;
  const onStream = (message: unknown): void => {
    stream = (message as { stream: ClientHttp2Stream }).stream;
  };
  subscribe('http2.client.stream.created', onStream);
  const subject = await world.transport(POOLED);
  const response = await subject.send(peer, { method: 'GET' });
  unsubscribe('http2.client.stream.created', onStream);
  await arrived.promise;
  // As undici does when trailers come.
  stream?.removeAllListeners('data');
  expect(await failureOf(lengthOf(response))).toMatchObject({
    kind: 'protocol',
    phase: 'body',
    delivery: 'answered',
  });
  expect(subject.transport.stats().live).toBe(0);
});
