import { fromBytes, fromFactory, POOLED, type TransportError } from '@ferry/core';
import { FakeClock } from '@ferry/core/testing';
import { describe, expect, it } from 'vitest';
import { FRAME, type RawConnection } from '../testing/raw-peer.ts';
import { failureOf, text, World } from '../testing/world.ts';

const world = new World();

/** What an HTTP/2 peer grants each stream and the connection before it says otherwise. Bytes. */
const FIRST_WINDOW = 65_535;
const CREDIT = 1_000;

/** RFC 9113 section 6.5.2. */
const INITIAL_WINDOW_SIZE = 4;

/** As servers do: SETTINGS, and in the same write what the connection's window is larger than at first. */
function greet(connection: RawConnection, streamBytes: number, moreBytes: number): void {
  connection.socket.cork();
  connection.settings([[INITIAL_WINDOW_SIZE, streamBytes]]);
  connection.windowUpdate(0, moreBytes);
  connection.socket.uncork();
}

/** Answers whole requests, and gives no window back by itself. */
function grantsNothing(connection: RawConnection): void {
  connection.grantWindow = false;
  connection.settings();
  connection.on('whole', (id: number) => connection.answer(id));
}

/** An upload that has used up its first window, and stands still, on a connection that others may join. */
async function standingStill() {
  const clock = new FakeClock();
  const peer = await world.peer(grantsNothing);
  const subject = await world.transport({ ...POOLED, maxConnections: 1 }, { clock });
  const limits = { idleMs: 1_000, totalMs: 60_000 };
  const outcome: { error?: TransportError } = {};
  const over = failureOf(subject.send(peer, { body: fromBytes(new Uint8Array(100_000)), limits })).then(
    (error) => {
      outcome.error = error;
    },
  );
  await expect.poll(() => peer.connections[0]?.received(1)).toBe(FIRST_WINDOW);
  return { clock, peer, subject, limits, outcome, over };
}

/** Lets the first upload use up the windows that it has without SETTINGS. */
async function greetLate(connection: RawConnection): Promise<void> {
  connection.polite = false;
  connection.grantWindow = false;
  await connection.until(() => connection.received(1) === FIRST_WINDOW);
  connection.polite = true;
  connection.settings([[INITIAL_WINDOW_SIZE, 1_000_000]]);
  connection.ping();
  await connection.until((f) => f.type === FRAME.PING);
  connection.grantWindow = true;
  connection.windowUpdate(0, FIRST_WINDOW);
}

/** The flag of a DATA frame (RFC 9113 section 6.1). */
const END_STREAM = 1;

it('a peer that only takes an upload has been heard: who joins the connection does not wait for a PING', async () => {
  const peer = await world.peer(grantsNothing);
  const clock = new FakeClock();
  const subject = await world.transport({ ...POOLED, proveAfterIdleMs: 1_000 }, { clock });
  const uploading = failureOf(subject.send(peer, { body: fromBytes(new Uint8Array(100_000)) }));
  await expect.poll(() => peer.connections[0]?.received(1)).toBe(FIRST_WINDOW);

  const [connection] = peer.connections;
  clock.advance(5_000);
  connection?.windowUpdate(0, CREDIT);
  connection?.windowUpdate(1, CREDIT);
  await expect.poll(() => connection?.received(1)).toBe(FIRST_WINDOW + CREDIT);
  clock.advance(300);
  expect(await text(await subject.send(peer, { method: 'GET' }))).toBe('ok');
  expect(peer.connections).toHaveLength(1);
  expect(connection?.frames.some((f) => f.type === FRAME.PING)).toBe(false);

  await subject.transport.close();
  expect(await uploading).toMatchObject({ kind: 'closed' });
  expect(clock.pending).toBe(0);
});

it('a peer that takes nothing any more is pinged before anybody joins its connection', async () => {
  const peer = await world.peer(grantsNothing);
  const clock = new FakeClock();
  const subject = await world.transport({ ...POOLED, proveAfterIdleMs: 1_000 }, { clock });
  const uploading = failureOf(subject.send(peer, { body: fromBytes(new Uint8Array(100_000)) }));
  await expect.poll(() => peer.connections[0]?.received(1)).toBe(FIRST_WINDOW);
  // The last that is heard of it.
  await peer.connections[0]?.until((f) => f.type === FRAME.SETTINGS && f.flags === 1);
  clock.advance(5_000);
  expect(await text(await subject.send(peer, { method: 'GET' }))).toBe('ok');
  expect(peer.connections[0]?.frames.some((f) => f.type === FRAME.PING)).toBe(true);
  await subject.transport.close();
  expect(await uploading).toMatchObject({ kind: 'closed' });
});

it('an upload that stands still is silent, however busy its connection is with other requests', async () => {
  const { clock, peer, subject, outcome, over } = await standingStill();
  for (let passed = 0; passed < 2_000 && outcome.error === undefined; passed += 100) {
    await text(await subject.send(peer, { method: 'GET' }));
    clock.advance(100);
  }
  await subject.transport.close();
  await over;
  expect(outcome.error).toMatchObject({ kind: 'timeout', phase: 'request', delivery: 'unknown' });
});

it('an upload that stands still is silent beside a long one that moves, which goes on', async () => {
  const STEP = 100_000;
  const { clock, peer, subject, limits, outcome, over } = await standingStill();
  const [connection] = peer.connections;
  const length = FIRST_WINDOW + 40 * STEP;
  const moving = subject.send(peer, { body: fromBytes(new Uint8Array(length)), limits });
  connection?.windowUpdate(0, FIRST_WINDOW);
  for (let received = FIRST_WINDOW; ; received += STEP) {
    await expect.poll(() => connection?.received(3), { interval: 5 }).toBe(received);
    if (received === length) break;
    if (outcome.error === undefined) clock.advance(100);
    connection?.windowUpdate(0, STEP);
    connection?.windowUpdate(3, STEP);
  }
  expect(await text(await moving)).toBe('ok');
  expect(outcome.error).toMatchObject({ kind: 'timeout', phase: 'request', delivery: 'unknown' });
  await over;
});

it('long bodies in memory that stand still leave the session room for another request', async () => {
  const peer = await world.peer(grantsNothing);
  const subject = await world.transport({ ...POOLED, maxConnections: 1 });
  const body = fromBytes(new Uint8Array(20_000_000));
  const uploads = [1, 2, 3].map(() => failureOf(subject.send(peer, { body })));
  await expect.poll(() => peer.connections[0]?.received(1)).toBe(FIRST_WINDOW);
  // Node lets a session queue 10 MB; a Buffer counts as a whole, and the next stream would fail with ENHANCE_YOUR_CALM.
  expect(await text(await subject.send(peer, { method: 'GET' }))).toBe('ok');
  await subject.transport.close();
  for (const upload of await Promise.all(uploads)) expect(upload).toMatchObject({ kind: 'closed' });
});

it.each([100_000, 1_000_000])('%i bytes in memory end with their last DATA frame', async (byteLength) => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('whole', (id: number) => connection.answer(id));
  });
  const subject = await world.transport(POOLED);
  await text(await subject.send(peer, { body: fromBytes(new Uint8Array(byteLength)) }));
  const data = peer.connections[0]?.frames.filter(({ type }) => type === FRAME.DATA) ?? [];
  expect(data.reduce((sum, { payload }) => sum + payload.byteLength, 0)).toBe(byteLength);
  expect(data.every(({ payload }) => payload.byteLength > 0)).toBe(true);
  expect(data.map(({ flags }) => flags)).toEqual([...Array(data.length - 1).fill(0), END_STREAM]);
});

it('an exchange tells what flow control allows: the window of the peer and the round trip to it', async () => {
  const peer = await world.peer((connection) => {
    greet(connection, 100_000, 1_000_000);
    connection.on('whole', (id: number) => connection.answer(id));
  });
  const subject = await world.transport(POOLED);
  const response = await subject.send(peer);
  await text(response);
  const flowControl = { windowBytes: 100_000, roundTripMs: expect.any(Number) };
  expect(response.exchange.flowControl).toEqual(flowControl);
  expect((await response.done).flowControl).toEqual(flowControl);
});

describe('a peer with large windows for streams and a small one for the connection', () => {
  it.each([
    ['before', 0],
    ['in the middle of', 300_000],
  ])('is as slow as the small one, when its SETTINGS come %s an upload', async (when, bytes) => {
    const peer = await world.peer((connection) => {
      connection.on('whole', (id: number) => connection.answer(id));
      if (when === 'before') connection.settings([[INITIAL_WINDOW_SIZE, 1_000_000]]);
      else void greetLate(connection);
    });
    const subject = await world.transport(POOLED);
    const response = await subject.send(peer, { body: fromBytes(new Uint8Array(bytes)) });
    await text(response);
    const { flowControl } = await response.done;
    expect(flowControl?.windowBytes).toBeGreaterThanOrEqual(FIRST_WINDOW);
    // Nobody tells the window: what was handed to the kernel before, framing included, may count as sent.
    expect(flowControl?.windowBytes).toBeLessThan(FIRST_WINDOW + 2_000);
  });

  it('is not taken for slow while others use the connection', async () => {
    const peer = await world.peer((connection) => {
      connection.grantWindow = false;
      greet(connection, 90_000, 35_000);
      connection.on('whole', (id: number) => connection.answer(id));
    });
    const subject = await world.transport({ ...POOLED, maxConnections: 1 });
    const controller = new AbortController();
    const body = fromBytes(new Uint8Array(200_000));
    const sibling = failureOf(subject.send(peer, { body, signal: controller.signal }));
    await expect.poll(() => peer.connections[0]?.received(1)).toBe(90_000);
    const response = await subject.send(peer);
    expect(response.exchange.flowControl).toMatchObject({ windowBytes: 90_000 });
    await text(response);
    controller.abort();
    await sibling;
  });

  it('is believed when it enlarges it later', async () => {
    const peer = await world.peer((connection) => {
      connection.settings([[INITIAL_WINDOW_SIZE, 1_000_000]]);
      connection.on('whole', async (id: number) => {
        if (id > 1) connection.windowUpdate(0, 500_000);
        connection.answer(id);
      });
    });
    const subject = await world.transport({ ...POOLED, maxConnections: 1 });
    const first = await subject.send(peer);
    await text(first);
    expect((await first.done).flowControl?.windowBytes).toBeLessThan(FIRST_WINDOW + 2_000);
    const second = await subject.send(peer);
    await text(second);
    expect((await second.done).flowControl?.windowBytes).toBeGreaterThan(500_000);
  });
});

it('an exchange without SETTINGS knows nothing of flow control', async () => {
  const peer = await world.peer((connection) => {
    connection.grantWindow = false;
    connection.polite = false;
  });
  const subject = await world.transport(POOLED);
  const error = await failureOf(subject.send(peer, { limits: { connectMs: 100 } }));
  expect(error.exchange).not.toHaveProperty('flowControl');
});

it('a road that becomes slow under large pieces is not silent, though none is through for longer than idleMs', async () => {
  const clock = new FakeClock();
  const bytes = 500_000;
  const peer = await world.peer((connection) => {
    connection.settings([[INITIAL_WINDOW_SIZE, bytes]]);
    connection.on('whole', (id: number) => connection.answer(id));
  });
  const subject = await world.transport({ ...POOLED, maxConnections: 1 }, { clock });
  const body = fromBytes(new Uint8Array(bytes));
  // Taken quickly, so that the next are handed over whole.
  await text(await subject.send(peer, { body }));
  const [connection] = peer.connections;
  if (connection === undefined) throw new Error('no connection');
  connection.grantWindow = false;
  const limits = { idleMs: 1_000, totalMs: 600_000 };
  let ended = 0;
  const uploads = [3, 5].map(async () => {
    const error = await failureOf(subject.send(peer, { body, limits }));
    ended += 1;
    return error;
  });
  const received = (): number => connection.received(3) + connection.received(5);
  await expect.poll(received).toBe(FIRST_WINDOW);
  for (let granted = CREDIT; granted <= 50 * CREDIT && ended === 0; granted += CREDIT) {
    connection.windowUpdate(0, CREDIT);
    await expect.poll(received, { interval: 5 }).toBe(FIRST_WINDOW + granted);
    clock.advance(100);
  }
  expect(ended).toBe(0);
  // Now it stands still.
  clock.advance(1_100);
  for (const upload of await Promise.all(uploads)) {
    expect(upload).toMatchObject({ kind: 'timeout', phase: 'request' });
  }
  await subject.transport.close();
});

describe('an upload on a shared connection', () => {
  const KIB = 1024;
  const body = fromBytes(new Uint8Array(500_000));

  /** A peer that answers all requests but the first, which is only there to share the connection. */
  async function shared({ grantWindow }: { readonly grantWindow: boolean }) {
    const clock = new FakeClock();
    const peer = await world.peer((connection) => {
      connection.grantWindow = grantWindow;
      connection.settings();
      connection.on('whole', (id: number) => {
        if (id !== 1) connection.answer(id);
      });
    });
    const policy = { ...POOLED, maxConnections: 1, proveAfterIdleMs: 60_000 };
    const subject = await world.transport(policy, { clock });
    const sharing = failureOf(subject.send(peer, { method: 'GET' }));
    await expect.poll(() => peer.connections[0]?.sawEndStream(1)).toBe(true);
    return { clock, peer, subject, sharing };
  }

  it('begins with caution and goes on in larger pieces, unless the upload before it was taken quickly', async () => {
    const { clock, peer, subject, sharing } = await shared({ grantWindow: true });
    const sent = async () => {
      const pieces: number[] = [];
      await text(await subject.send(peer, { body, onBytesSent: (bytes) => pieces.push(bytes) }));
      return pieces;
    };
    expect(await sent()).toEqual([64 * KIB, 320 * KIB, 500_000]);
    expect(await sent()).toEqual([500_000]);
    clock.advance(1_001);
    expect(await sent()).toEqual([64 * KIB, 320 * KIB, 500_000]);
    await subject.transport.close();
    expect(await sharing).toMatchObject({ kind: 'closed' });
  });

  it('goes on in small pieces where the first was taken slowly, so that silence is told from a slow road', async () => {
    const { clock, peer, subject, sharing } = await shared({ grantWindow: false });
    const pieces: number[] = [];
    const uploading = failureOf(subject.send(peer, { body, onBytesSent: (bytes) => pieces.push(bytes) }));
    await expect.poll(() => peer.connections[0]?.received(3)).toBe(FIRST_WINDOW);
    clock.advance(1_000);
    peer.connections[0]?.windowUpdate(0, CREDIT);
    peer.connections[0]?.windowUpdate(3, CREDIT);
    await expect.poll(() => pieces).toEqual([64 * KIB, 80 * KIB]);
    await subject.transport.close();
    expect(await uploading).toMatchObject({ kind: 'closed' });
    expect(await sharing).toMatchObject({ kind: 'closed' });
  });

  it('is measured to its end: the one behind it goes in small pieces where its only piece was slow', async () => {
    const { clock, peer, subject, sharing } = await shared({ grantWindow: false });
    const short = fromBytes(new Uint8Array(FIRST_WINDOW + 1));
    const first = subject.send(peer, { body: short });
    await expect.poll(() => peer.connections[0]?.received(3)).toBe(FIRST_WINDOW);
    clock.advance(1_000);
    peer.connections[0]?.windowUpdate(0, 2 * CREDIT);
    peer.connections[0]?.windowUpdate(3, CREDIT);
    await text(await first);
    const pieces: number[] = [];
    const uploading = failureOf(subject.send(peer, { body, onBytesSent: (bytes) => pieces.push(bytes) }));
    await expect.poll(() => pieces).toEqual([16 * KIB]);
    await subject.transport.close();
    expect(await uploading).toMatchObject({ kind: 'closed' });
    expect(await sharing).toMatchObject({ kind: 'closed' });
  });

  it('is not measured by a source that ends late', async () => {
    const { clock, peer, subject, sharing } = await shared({ grantWindow: true });
    const asked = Promise.withResolvers<void>();
    const ends = Promise.withResolvers<void>();
    async function* late(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(64 * KIB);
      asked.resolve();
      await ends.promise;
    }
    const first = subject.send(peer, { body: fromFactory(late) });
    await asked.promise;
    clock.advance(600);
    ends.resolve();
    await text(await first);
    const pieces: number[] = [];
    await text(await subject.send(peer, { body, onBytesSent: (bytes) => pieces.push(bytes) }));
    expect(pieces).toEqual([256 * KIB, 500_000]);
    await subject.transport.close();
    expect(await sharing).toMatchObject({ kind: 'closed' });
  });
});
