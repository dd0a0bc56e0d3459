import type { IncomingMessage } from 'node:http';
import { FRESH, fromBytes, fromFactory, fromSpool, POOLED, type RequestBody, Spool } from '@ferry/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Stage, send, textOf } from './testing/stage.ts';

const SLICE = new Uint8Array(64 * 1024).fill(65);
const LARGE = 20_000_000;

let stage: Stage;
let spools: AsyncDisposableStack;
beforeEach(() => {
  stage = new Stage();
  spools = new AsyncDisposableStack();
});
afterEach(async () => {
  await stage.strike();
  await spools.disposeAsync();
});

/** A slice and then silence; `onLeft` says what becomes of the wait when nobody wants the rest any more. */
function silentAfterASlice(
  onLeft: (wait: PromiseWithResolvers<IteratorResult<Uint8Array>>) => void,
): RequestBody {
  const wait = Promise.withResolvers<IteratorResult<Uint8Array>>();
  const steps = [Promise.resolve({ done: false as const, value: SLICE }), wait.promise];
  const iterator: AsyncIterator<Uint8Array> = {
    next: () => steps.shift() ?? Promise.resolve({ done: true, value: undefined }),
    return() {
      onLeft(wait);
      return Promise.resolve({ done: true, value: undefined });
    },
  };
  return {
    byteLength: undefined,
    replayable: false,
    open: () => ({ [Symbol.asyncIterator]: () => iterator }),
  };
}

async function* endless(): AsyncGenerator<Uint8Array> {
  for (;;) yield SLICE;
}

async function wholeSpool(): Promise<RequestBody> {
  const source = (function* () {
    for (let left = LARGE; left > 0; left -= SLICE.byteLength) yield SLICE;
  })();
  return fromSpool(spools.use(await Spool.from(iterated(source), { memoryBytes: 1_000 })));
}

async function growingSpool(): Promise<RequestBody> {
  const spool = spools.use(new Spool());
  await spool.write(SLICE);
  return fromSpool(spool);
}

async function* iterated(source: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* source;
}

const SOURCES: readonly (readonly [name: string, make: () => RequestBody | Promise<RequestBody>])[] = [
  ['bytes in memory', () => fromBytes(new Uint8Array(LARGE))],
  ['a spool on disk', wholeSpool],
  ['a spool that still grows', growingSpool],
  ['a generator that never ends', () => fromFactory(endless)],
  [
    'a source that ends when it is let go',
    () => silentAfterASlice((wait) => wait.resolve({ done: true, value: undefined })),
  ],
  [
    'a source that goes on when it is let go',
    () => silentAfterASlice((wait) => wait.resolve({ done: false, value: SLICE })),
  ],
  [
    'a source that fails when it is let go',
    () => silentAfterASlice((wait) => wait.reject(new Error('let go'))),
  ],
  ['a source that stays silent', () => silentAfterASlice(() => undefined)],
];

describe.each([
  ['FRESH', FRESH],
  ['POOLED', POOLED],
])('%s', (_profile, policy) => {
  describe.each([200, 400])(
    'an early %d whose body follows later stops the upload and is delivered',
    (status) => {
      test.each(SOURCES)('%s', async (_name, make) => {
        let incoming: IncomingMessage | undefined;
        const rest = Promise.withResolvers<void>();
        const peer = await stage.http((request, response) => {
          incoming = request;
          request.on('error', () => undefined);
          // It reads on, as one that has seen enough does to keep its answer from being reset.
          request.resume().once('data', () => response.writeHead(status).flushHeaders());
          rest.promise.then(() => response.end('moderation_blocked'));
        });
        const response = await send(stage.transport(policy), peer.url, { body: await make() });
        expect(response.status).toBe(status);
        // Whatever the source says to being let go, it has said by then.
        for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
        rest.resolve();
        expect(await textOf(response)).toBe('moderation_blocked');
        const exchange = await response.done;
        expect(exchange.requestComplete).toBe(false);
        expect(exchange.bytesSent).toBeLessThan(LARGE);
        await peer.empty();
        expect(incoming?.complete).toBe(false);
      });
    },
  );
});
