import { fromBytes, fromFactory, fromText, oneShot, POOLED, type RequestBody } from '@ferry/core';
import { describe, expect, it } from 'vitest';
import { CODE, type RawConnection } from '../testing/raw-peer.ts';
import { failureOf, text, World } from '../testing/world.ts';

const world = new World();

const polite = (connection: RawConnection) => {
  connection.settings();
  connection.on('whole', (id: number) => connection.answer(id));
};

async function* breaking(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(1000);
  throw new Error('the disk is gone');
}

async function* short(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(1000);
}

const broken: readonly (readonly [string, RequestBody])[] = [
  ['throws half-way, its length known', fromFactory(breaking, 5_000)],
  ['throws half-way, its length unknown', fromFactory(breaking)],
  ['ends too early', fromFactory(short, 5_000)],
  ['yields too much', fromFactory(short, 500)],
  [
    'cannot be opened',
    {
      byteLength: 10,
      replayable: true,
      open() {
        throw new Error('no such file');
      },
    },
  ],
];

describe.each(broken)('a body that %s', (_, body) => {
  it('is the fault of its source, and the upstream sees a reset, never a short whole upload', async () => {
    const peer = await world.peer(polite);
    const subject = await world.transport(POOLED);
    const error = await failureOf(subject.send(peer, { body }));
    expect(error).toMatchObject({ kind: 'body-source', phase: 'request', h2Code: undefined });
    expect(error.exchange.bodyOpened).toBe(true);
    await expect.poll(() => peer.connections[0]?.resetCode(1)).toBe(CODE.CANCEL);
    expect(peer.connections[0]?.sawEndStream(1)).toBe(false);
    expect(subject.of('retired').map((e) => e.reason)).toEqual(['interrupted']);
  });
});

it('the cause of a broken source is kept', async () => {
  const peer = await world.peer(polite);
  const subject = await world.transport(POOLED);
  const error = await failureOf(subject.send(peer, { body: fromFactory(breaking) }));
  expect(error.cause).toMatchObject({ cause: { message: 'the disk is gone' } });
});

it('a source that falls silent is not blamed on the upstream', async () => {
  const peer = await world.peer(polite);
  const subject = await world.transport(POOLED);
  let released = false;
  const body: RequestBody = {
    byteLength: 5_000,
    replayable: true,
    open: () => {
      let asked = 0;
      return {
        [Symbol.asyncIterator]: () => ({
          next: () => {
            asked += 1;
            return asked === 1
              ? Promise.resolve({ done: false, value: new Uint8Array(1000) })
              : new Promise<never>(() => undefined);
          },
          return: () => {
            released = true;
            return Promise.resolve({ done: true, value: undefined });
          },
        }),
      };
    },
  };
  const error = await failureOf(subject.send(peer, { body, limits: { idleMs: 100 } }));
  expect(error).toMatchObject({ kind: 'body-source', phase: 'request', delivery: 'unknown' });
  await expect.poll(() => released).toBe(true);
});

it('a source that is slow but moves is waited for', async () => {
  const server = await world.server();
  const subject = await world.transport(POOLED);
  async function* slow() {
    for (let i = 0; i < 8; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      yield new Uint8Array(100);
    }
  }
  const response = await subject.send(server, { body: fromFactory(slow), limits: { idleMs: 400 } });
  expect(await text(response)).toBe('800');
});

it.each([
  ['empty', fromBytes(new Uint8Array(0))],
  ['one byte', fromText('x')],
  ['one slice and a byte', fromBytes(new Uint8Array(256 * 1024 + 1))],
  ['of unknown length', fromFactory(() => [new Uint8Array(70_000), new Uint8Array(0), new Uint8Array(3)])],
  ['that exists once', oneShot(short())],
  ['of ten megabytes', fromBytes(new Uint8Array(10 * 1024 * 1024))],
])('a body that is %s arrives whole', async (_, body) => {
  const server = await world.server(async ({ stream, headers, body: read }) => {
    const bytes = await read();
    stream.respond({ ':status': 200 });
    stream.end(`${bytes.byteLength} of ${headers['content-length'] ?? 'unknown'}`);
  });
  const subject = await world.transport(POOLED);
  const counts: number[] = [];
  const response = await subject.send(server, { body, onBytesSent: (bytes) => counts.push(bytes) });
  const [arrived, announced] = (await text(response)).split(' of ');
  expect(announced).toBe(String(body.byteLength ?? 'unknown'));
  expect((await response.done).bytesSent).toBe(Number(arrived));
  expect(counts.at(-1) ?? 0).toBe(Number(arrived));
});

it('headers that belong to one HTTP/1.1 connection do not travel, and a claimed length is not believed', async () => {
  const server = await world.server(async ({ stream, headers }) => {
    stream.respond({ ':status': 200 });
    stream.end(JSON.stringify(headers));
  });
  const subject = await world.transport(POOLED);
  const response = await subject.send(server, {
    headers: { host: 'elsewhere', connection: 'close', 'content-length': '999', 'x-own': 'yes' },
  });
  const seen = JSON.parse(await text(response)) as Record<string, string>;
  expect(seen).toMatchObject({ ':authority': server.url.host, 'content-length': '10', 'x-own': 'yes' });
  expect(seen).not.toHaveProperty('connection');
});

it('repeated response fields are joined, cookies by line', async () => {
  const server = await world.server(({ stream }) => {
    stream.respond({ ':status': 200, 'set-cookie': ['a=1', 'b=2'], 'x-many': ['1', '2'] });
    stream.end();
  });
  const subject = await world.transport(POOLED);
  const { headers } = await subject.send(server);
  expect(headers).toMatchObject({ 'set-cookie': 'a=1\nb=2', 'x-many': '1, 2' });
  expect(headers).not.toHaveProperty(':status');
});
