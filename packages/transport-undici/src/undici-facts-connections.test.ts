/** When undici keeps a connection, and when it asks for another: hence our pool, with one Client for each connection. */
import { expect, it } from 'vitest';
import { BareUndici, iterated, run } from './testing/bare-undici.ts';
import { CODE } from './testing/raw-peer.ts';

const undici = new BareUndici();

it('a connection that resets every stream but its first is kept for ever: hence a reset retires it', async () => {
  const { client, connects } = await undici.bare((connection) => {
    connection.settings();
    connection.on('whole', (id: number) => {
      if (id === 1) connection.answer(id);
      else connection.reset(id, CODE.PROTOCOL_ERROR);
    });
  });
  await run(client);
  for (let i = 0; i < 4; i += 1) {
    await expect(run(client)).rejects.toMatchObject({ http2ErrorCode: CODE.PROTOCOL_ERROR });
  }
  expect(connects()).toBe(1);
});

it('a Client asks for another socket when its own has died: hence ours is given one, once', async () => {
  const { client, connects } = await undici.bare((connection) => {
    connection.settings();
    connection.on('whole', (id: number) => {
      connection.answer(id);
      connection.socket.end();
    });
  });
  await run(client);
  await expect.poll(() => client.stats.connected).toBe(false);
  await run(client);
  expect(connects()).toBe(2);
});

it('maxRequestsPerClient says nothing over HTTP/2: hence maxUses is ours', async () => {
  const { client, connects } = await undici.bare(
    (connection) => {
      connection.settings();
      connection.on('whole', (id: number) => connection.answer(id));
    },
    { maxRequestsPerClient: 1 },
  );
  for (let i = 0; i < 3; i += 1) expect(await run(client)).toEqual({ status: 200, body: 'ok' });
  expect(connects()).toBe(1);
});

it('headersTimeout ends an upload whose source is slow, not only a late answer: hence our own clock', async () => {
  const { client, peer } = await undici.bare((connection) => connection.settings(), { headersTimeout: 100 });
  const stuck = Promise.withResolvers<void>();
  async function* slow(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(10);
    await stuck.promise;
  }
  await expect(run(client, iterated(slow()))).rejects.toMatchObject({ code: 'UND_ERR_HEADERS_TIMEOUT' });
  expect(peer.connections[0]?.received(1)).toBe(10);
  stuck.resolve();
});
