/**
 * Aborts an upload of undici as it is, and then has nothing else to do. Started by `undici-facts-bodies.test.ts` with a watchdog: says
 * `aborting`, and `done` if it comes back. Argument: `buffer` for one Buffer of 20 MB, `pieces` for an iterator of 512 KiB each.
 */
import { Client, type Dispatcher } from 'undici';
import { certificate } from './certificate.ts';
import { h2Server } from './h2-server.ts';

const LONG = 20 * 1024 * 1024;
const PIECE = 512 * 1024;

async function* pieces(): AsyncGenerator<Uint8Array> {
  for (let sent = 0; sent < LONG; sent += PIECE) yield new Uint8Array(PIECE);
}

const { cert } = await certificate();
const begun = Promise.withResolvers<void>();
const server = await h2Server(({ stream }) => {
  // In the middle: a peer that takes nothing at all brings no hang about.
  stream.once('data', () => begun.resolve());
});
const client = new Client(server.url.origin, { connect: { ca: cert, preferH2: true } });
const body = process.argv[2] === 'buffer' ? Buffer.alloc(LONG) : pieces();
let controller: Dispatcher.DispatchController | undefined;
const nothing = (): void => undefined;
const ended = new Promise<void>((resolve) => {
  client.dispatch(
    { path: '/', method: 'POST', body: body as NonNullable<Dispatcher.DispatchOptions['body']> },
    {
      onRequestStart: (given) => {
        controller = given;
      },
      onResponseStart: nothing,
      onResponseData: nothing,
      onResponseEnd: () => resolve(),
      onResponseError: () => resolve(),
    },
  );
});
await begun.promise;
process.stdout.write('aborting\n');
// What the pipe has not taken before a hang is lost.
await new Promise((resolve) => setImmediate(resolve));
controller?.abort(new Error('changed my mind'));
await ended;
// A turn of the event loop, and a timer: a process that spins has neither.
await new Promise((resolve) => setTimeout(resolve, 50));
await client.destroy();
await server.close();
process.stdout.write('done\n');
