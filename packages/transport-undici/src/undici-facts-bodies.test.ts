/** What undici and Node do with bodies on their way: hence the pieces of `exchange/`, and `CapturedStream`. */
import { spawn } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { ClientHttp2Stream } from 'node:http2';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { BareUndici, iterated, run } from './testing/bare-undici.ts';
import { CODE, type RawConnection } from './testing/raw-peer.ts';

const undici = new BareUndici();

const unwatch: (() => void)[] = [];
afterEach(() => {
  for (const stop of unwatch.splice(0)) stop();
});

/** Hears of streams before undici has them. */
function onStream(listener: (stream: ClientHttp2Stream) => void): void {
  const hear = (message: unknown): void => listener((message as { stream: ClientHttp2Stream }).stream);
  subscribe('http2.client.stream.created', hear);
  unwatch.push(() => unsubscribe('http2.client.stream.created', hear));
}

it('a long Buffer counts as a whole against the memory of the session: hence pieces', async () => {
  const { client, peer } = await undici.bare((connection) => {
    connection.grantWindow = false;
    connection.settings();
    connection.on('whole', (id: number) => connection.answer(id));
  });
  const uploading = run(client, { body: Buffer.alloc(20_000_000) }).catch((error: unknown) => error);
  await expect.poll(() => peer.connections[0]?.received(1)).toBe(65_535);
  // The code looks like the peer's, who has said nothing.
  await expect(run(client, { method: 'GET' })).rejects.toMatchObject({
    http2ErrorCode: CODE.ENHANCE_YOUR_CALM,
  });
  await client.destroy();
  await uploading;
});

describe('when the answer', () => {
  const parts: readonly (readonly [string, boolean, (connection: RawConnection, id: number) => void])[] = [
    ['is whole', false, (connection, id) => connection.answer(id)],
    [
      'breaks off with CANCEL in its middle',
      true,
      (connection, id) => {
        connection.headers(id, { ':status': '200' });
        connection.data(id, 'half a');
        connection.reset(id, CODE.CANCEL);
      },
    ],
    [
      'breaks off with NO_ERROR behind its headers',
      true,
      (connection, id) => {
        connection.headers(id, { ':status': '200' });
        connection.reset(id, CODE.NO_ERROR);
      },
    ],
  ];

  it.each(parts)(
    '%s it resolves, and the stream is closed by its end: %s. Hence how we tell the one from the other',
    async (_, closed, answer) => {
      const { client } = await undici.bare((connection) => {
        connection.settings();
        connection.on('whole', (id: number) => answer(connection, id));
      });
      const closedAtEnd: boolean[] = [];
      onStream((stream) => stream.on('end', () => closedAtEnd.push(stream.closed)));
      expect((await run(client)).status).toBe(200);
      expect(closedAtEnd).toEqual([closed]);
    },
  );
});

describe('undici writes', () => {
  const answering = (connection: RawConnection): void => {
    connection.settings();
    connection.on('whole', (id: number) => connection.answer(id));
  };

  /** What is called on the stream, in order; `later` stands between two turns of the event loop. */
  function calls(): string[] {
    const seen: string[] = [];
    onStream((stream) => {
      const { write, end } = stream;
      stream.write = (...args: unknown[]) => {
        const room: boolean = Reflect.apply(write, stream, args);
        seen.push(room ? 'write' : 'write, full');
        queueMicrotask(() => seen.push('later'));
        return room;
      };
      stream.end = (...args: unknown[]) => {
        seen.push('end');
        return Reflect.apply(end, stream, args);
      };
      stream.on('drain', () => seen.push('drain'));
    });
    return seen;
  }

  it('a Buffer in one call, and ends the stream in the same turn: hence how we take its place', async () => {
    const { client } = await undici.bare(answering);
    const seen = calls();
    await run(client, { body: Buffer.alloc(100_000) });
    expect(seen.slice(0, 2)).toEqual(['write, full', 'end']);
  });

  it('an iterated body piece by piece, waits for drain, and ends it after the last: hence lastPieceComes', async () => {
    const { client } = await undici.bare(answering);
    const seen = calls();
    async function* pieces(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(100_000);
      yield new Uint8Array(100_000);
    }
    await run(client, iterated(pieces()));
    expect(seen.filter((call) => call !== 'later')).toEqual([
      'write, full',
      'drain',
      'write, full',
      'drain',
      'end',
    ]);
  });
});

/** How long a process may take to begin, in milliseconds. */
const BEGIN_MS = 20_000;

/** Aborts an upload in a process of its own, which is given `withinMs` to come back from it. */
async function aborted(form: 'buffer' | 'pieces', withinMs: number): Promise<'came back' | 'hangs'> {
  const script = fileURLToPath(new URL('./testing/bare-abort-child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@ferry/source', script, form], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  let watchdog = setTimeout(kill, BEGIN_MS);
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    if (said !== 'aborting\n') return;
    clearTimeout(watchdog);
    watchdog = setTimeout(kill, withinMs);
  });
  await once(child, 'close');
  clearTimeout(watchdog);
  expect(said).toContain('aborting');
  return said.includes('done') ? 'came back' : 'hangs';
}

it('aborting a long Buffer hangs the process: hence pieces. Should this fail, undici or Node has mended it', async () => {
  expect(await aborted('buffer', 3_000)).toBe('hangs');
}, 60_000);

it('aborting pieces of half a MiB does not', async () => {
  expect(await aborted('pieces', 20_000)).toBe('came back');
}, 60_000);
