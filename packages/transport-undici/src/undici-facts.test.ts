/**
 * What this package leans on in undici and Node, pinned: an upgrade that changes one of these must be noticed here and
 * not in production. Each story says what follows from it. More of them: `undici-facts-*.test.ts`.
 */
import { connect } from 'node:http2';
import { PassThrough } from 'node:stream';
import type { Dispatcher } from 'undici';
import { expect, it } from 'vitest';
import { BareUndici, iterated, run } from './testing/bare-undici.ts';
import { CODE, FRAME } from './testing/raw-peer.ts';

const undici = new BareUndici();

async function* slice(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(10);
}

it('a truncated response resolves as a whole one: hence our own look at END_STREAM', async () => {
  const { client } = await undici.bare((connection) => {
    connection.settings();
    connection.on('whole', (id: number) => {
      connection.headers(id, { ':status': '200' });
      connection.data(id, 'half a');
      connection.reset(id, CODE.NO_ERROR);
    });
  });
  expect((await run(client)).status).toBe(200);
});

it.each([
  ['an empty body', { method: 'GET' }],
  ['a Buffer', { method: 'POST', body: Buffer.alloc(10) }],
] as const)(
  '%s is resent after REFUSED_STREAM: hence our guards at its reset and at a second start',
  async (_, request) => {
    let requests = 0;
    const { client } = await undici.bare((connection) => {
      connection.settings();
      connection.on('whole', (id: number) => {
        requests += 1;
        if (requests === 1) connection.reset(id, CODE.REFUSED_STREAM);
        else connection.answer(id);
      });
    });
    expect(await run(client, request)).toEqual({ status: 200, body: 'ok' });
    expect(requests).toBe(2);
  },
);

it('where the peer allows no stream, what it resends waits unseen: hence our guard at the reset itself', async () => {
  const { client, peer } = await undici.bare((connection) => {
    connection.settings();
    connection.on('whole', (id: number) => {
      connection.settings([[3, 0]]);
      connection.reset(id, CODE.REFUSED_STREAM);
    });
  });
  const outcome = run(client, { body: Buffer.alloc(10) }).then(
    () => 'answered',
    () => 'failed',
  );
  await expect.poll(() => peer.connections.length).toBe(1);
  await peer.connections[0]?.until((f) => f.type === FRAME.SETTINGS && f.flags === 1);
  const undecided = new Promise((resolve) => setImmediate(() => resolve('undecided')));
  expect(await Promise.race([outcome, undecided])).toBe('undecided');
});

it('an iterable body is never resent, neither after REFUSED_STREAM nor after GOAWAY', async () => {
  let requests = 0;
  const { client } = await undici.bare((connection) => {
    connection.settings();
    connection.on('whole', (id: number) => {
      requests += 1;
      if (requests === 1) connection.reset(id, CODE.REFUSED_STREAM);
      else connection.goaway(0, CODE.NO_ERROR);
    });
  });
  await expect(run(client, iterated(slice()))).rejects.toMatchObject({ http2ErrorCode: CODE.REFUSED_STREAM });
  await expect(run(client, iterated(slice()))).rejects.toThrow('GOAWAY');
  expect(requests).toBe(2);
});

it('a connection that answers nothing any more is kept and used again: hence our pool', async () => {
  const { client, connects, peer } = await undici.bare((connection) => {
    connection.settings();
    connection.on('whole', (id: number) => {
      if (id === 1) connection.answer(id);
      if (id === 5) connection.answer(id);
    });
  });
  await run(client);
  let controller: Dispatcher.DispatchController | undefined;
  const lost = new Promise((resolve) => {
    client.dispatch(
      { path: '/', method: 'GET' },
      {
        onRequestStart: (given) => {
          controller = given;
        },
        onResponseStart: () => undefined,
        onResponseData: () => undefined,
        onResponseEnd: () => resolve('answered'),
        onResponseError: (_, error) => resolve(error.message),
      },
    );
  });
  await peer.connections[0]?.until((f) => f.streamId === 3);
  controller?.abort(new Error('too slow'));
  expect(await lost).toBe('too slow');
  expect(await run(client)).toEqual({ status: 200, body: 'ok' });
  expect(connects()).toBe(1);
});

it('an abandoned upload is ended with END_STREAM and RST code 0: hence our own way to cancel', async () => {
  const { client, peer, session } = await undici.bare((connection) => connection.settings());
  async function* breaking(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(10);
    // A round trip and a turn of the event loop later the bytes are surely off our hands.
    await new Promise((resolve) => session()?.ping(() => setImmediate(resolve)));
    throw new Error('source');
  }
  await expect(run(client, iterated(breaking()))).rejects.toThrow('source');
  await expect.poll(() => peer.connections[0]?.resetCode(1)).toBe(CODE.NO_ERROR);
  expect(peer.connections[0]?.sawEndStream(1)).toBe(true);
});

it('a request that ends itself at its start connects the client and sends nothing: hence how we prewarm', async () => {
  const { client, peer, session } = await undici.bare((connection) => connection.settings());
  const nothing = () => undefined;
  const ended = new Promise<void>((resolve) => {
    client.dispatch(
      { path: '/', method: 'GET' },
      {
        onRequestStart: (controller) => controller.abort(new Error('only connecting')),
        onResponseStart: nothing,
        onResponseData: nothing,
        onResponseEnd: nothing,
        onResponseError: () => resolve(),
      },
    );
  });
  await ended;
  expect(session()?.alpnProtocol).toBe('h2');
  await expect.poll(() => peer.connections.length).toBe(1);
  await peer.connections[0]?.until((f) => f.type === FRAME.SETTINGS && f.flags === 1);
  expect(peer.connections[0]?.frames.filter((f) => f.streamId > 0)).toEqual([]);
});

it('before SETTINGS it sends one request and queues the others: hence one stream is all we give it by then', async () => {
  const { client, peer, session } = await undici.bare((connection) => {
    connection.polite = false;
    connection.on('whole', (id: number) => {
      if (id > 1) connection.answer(id);
    });
  });
  const answers = [run(client, { method: 'GET' }), run(client, { method: 'GET' })];
  await expect.poll(() => peer.connections.length).toBe(1);
  const [connection] = peer.connections;
  await connection?.until((f) => f.type === FRAME.HEADERS);
  // Had the second left as well, it would have left before this.
  session()?.ping(() => undefined);
  await connection?.until((f) => f.type === FRAME.PING);
  expect(connection?.frames.filter((f) => f.type === FRAME.HEADERS)).toHaveLength(1);
  connection?.settings();
  connection?.answer(1);
  expect((await Promise.all(answers)).map(({ body }) => body)).toEqual(['ok', 'ok']);
});

it('Node hears of listeners to a stream only to count those to frame errors: hence nobody is told of the others', () => {
  const session = connect('http://localhost', { createConnection: () => new PassThrough() });
  const stream = session.request();
  try {
    for (const event of ['newListener', 'removeListener']) {
      const counted = stream.listeners(event).map((listener) => [...`${listener}`.matchAll(/case '(\w+)'/g)]);
      // A stream of HTTP/2 has no priority any more (RFC 9113 section 5.3), and undici asks for none.
      expect(counted.map((cases) => cases.map(([, name]) => name))).toEqual([['priority', 'frameError']]);
    }
  } finally {
    stream.on('error', () => undefined);
    session.destroy();
  }
});
