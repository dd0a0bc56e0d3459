import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { collect, patterned, pngOf } from './testing/bytes.ts';
import { Site } from './testing/site.ts';
import { fetchUrl, type UrlFetchOptions } from './url-source.ts';

const PUBLIC = '127.0.0.2';
const PRIVATE = '127.0.0.1';
const guarded: UrlFetchOptions = { isAllowed: (address) => address === PUBLIC };
const photo = pngOf(600_000);

const notAllowed = { name: 'UrlNotAllowedError', code: 'url_not_allowed' };
const failed = (reason: string) => ({ name: 'UrlFetchError', code: 'url_fetch', reason });

async function get(url: string | URL, options: UrlFetchOptions = {}): Promise<Buffer> {
  await using download = await fetchUrl(url, { ...guarded, ...options });
  return await collect(download.body);
}

const sendsPhoto = () =>
  Site.start(PUBLIC, (_request, response) => {
    response.writeHead(200, { 'content-type': 'image/png', 'content-length': photo.byteLength }).end(photo);
  });

const redirectsTo = (location: string, status = 302) =>
  Site.start(PUBLIC, (_request, response) => void response.writeHead(status, { location }).end());

describe('fetching', () => {
  test('a public image comes whole, with what the server says about it', async () => {
    await using site = await sendsPhoto();
    await using download = await fetchUrl(site.url('/photo.png'), guarded);
    expect(download.contentType).toBe('image/png');
    expect(download.byteLength).toBe(photo.byteLength);
    expect((await collect(download.body)).equals(photo)).toBe(true);
    expect(site.requests[0]?.headers).toMatchObject({ 'accept-encoding': 'identity', 'user-agent': 'ferry' });
    await site.untilQuiet();
  });

  test.each([301, 302, 303, 307, 308])('a %i is followed, relative ones too', async (status) => {
    await using site = await Site.start(PUBLIC, (request, response) => {
      if (request.url === '/a/start') response.writeHead(status, { location: '../photo.png' }).end();
      else response.end(photo);
    });
    await using download = await fetchUrl(site.url('/a/start'), guarded);
    expect(download.url.pathname).toBe('/photo.png');
    expect((await collect(download.body)).equals(photo)).toBe(true);
  });

  test('a name with a public and a private address is fetched from the public one', async () => {
    await using site = await sendsPhoto();
    const resolve = async () => [
      { address: PRIVATE, family: 4 },
      { address: PUBLIC, family: 4 },
    ];
    const url = `http://photos.example:${site.port}/photo.png`;
    expect((await get(url, { resolve })).equals(photo)).toBe(true);
    expect(site.requests[0]?.headers.host).toBe(`photos.example:${site.port}`);
  });
});

describe('addresses that are not public', () => {
  test.each([
    ['by address', (port: number) => `http://127.0.0.1:${port}/`],
    ['by name', (port: number) => `http://localhost:${port}/`],
    ['as one number', (port: number) => `http://2130706433:${port}/`],
    ['in hexadecimal', (port: number) => `http://0x7f.1:${port}/`],
    ['mapped into IPv6', (port: number) => `http://[::ffff:127.0.0.1]:${port}/`],
    ['as this host', (port: number) => `http://0.0.0.0:${port}/`],
  ])('our own loopback, %s, is refused without a connection', async (_how, url) => {
    await using site = await Site.start(PRIVATE, (_request, response) => void response.end('secret'));
    await expect(fetchUrl(url(site.port))).rejects.toMatchObject(notAllowed);
    expect(site.connections).toBe(0);
  });

  test('a redirect into the private network is refused before it is followed', async () => {
    await using inner = await Site.start(PRIVATE, (_request, response) => void response.end('secret'));
    await using outer = await redirectsTo(inner.url('/admin'));
    await expect(get(outer.url('/photo.png'))).rejects.toMatchObject(notAllowed);
    expect(inner.connections).toBe(0);
    await outer.untilQuiet();
  });

  test('a name that answers differently the second time (DNS rebinding) gains nothing', async () => {
    await using inner = await Site.start(PRIVATE, (_request, response) => void response.end('secret'));
    await using outer = await redirectsTo(`http://rebind.example:${inner.port}/admin`);
    const answers = [PUBLIC, PRIVATE];
    const resolve = async () => [{ address: answers.shift() ?? PRIVATE, family: 4 }];
    const url = `http://rebind.example:${outer.port}/photo.png`;
    await expect(get(url, { resolve })).rejects.toMatchObject(notAllowed);
    expect(answers).toEqual([]);
    expect(inner.connections).toBe(0);
  });

  test('a proxy of the environment is not used: it would connect to addresses that nobody checked', async () => {
    await using proxy = await Site.start(PRIVATE, (_request, response) => void response.end('by proxy'));
    await using site = await Site.start(PUBLIC, (_request, response) => void response.end('direct'));
    const program = `
      import { fetchUrl } from ${JSON.stringify(new URL('./url-source.ts', import.meta.url).href)};
      const isAllowed = (address) => address === ${JSON.stringify(PUBLIC)};
      await using download = await fetchUrl(${JSON.stringify(site.url('/'))}, { isAllowed });
      for await (const chunk of download.body) process.stdout.write(chunk);`;
    const proxied = { NODE_USE_ENV_PROXY: '1', http_proxy: proxy.url('/'), HTTP_PROXY: proxy.url('/') };
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, no_proxy: '', NO_PROXY: '', ...proxied },
    });
    expect((await collect(child.stdout)).toString()).toBe('direct');
    expect(proxy.connections).toBe(0);
  });

  test('the name is resolved once a connection, so that no second answer is ever used', async () => {
    await using site = await sendsPhoto();
    let asked = 0;
    const resolve = async () => {
      asked += 1;
      return [{ address: asked === 1 ? PUBLIC : PRIVATE, family: 4 }];
    };
    expect((await get(`http://once.example:${site.port}/`, { resolve })).equals(photo)).toBe(true);
    expect(asked).toBe(1);
  });
});

describe('URLs that are refused as they stand', () => {
  test.each([
    'file:///etc/passwd',
    'ftp://127.0.0.2/photo.png',
    'data:image/png;base64,AAEC',
    'http://user:secret@127.0.0.2/photo.png',
    'http://user@127.0.0.2/photo.png',
    'http://127.0.0.2:0/',
  ])('%s', async (url) => {
    const error = await get(url).catch((reason: unknown) => reason);
    expect(error).toMatchObject(notAllowed);
    expect(String(error)).not.toContain('secret');
  });

  test('a text that is no URL is called malformed', async () => {
    await expect(get('photo.png')).rejects.toMatchObject({ code: 'malformed' });
  });

  test('a redirect to a file is refused', async () => {
    await using site = await redirectsTo('file:///etc/passwd');
    await expect(get(site.url('/'))).rejects.toMatchObject(notAllowed);
  });
});

describe('limits', () => {
  test('five redirects are followed and the sixth is not', async () => {
    await using site = await Site.start(PUBLIC, (request, response) => {
      const left = Number(new URL(request.url ?? '', 'http://x').searchParams.get('left'));
      if (left === 0) response.end(photo);
      else response.writeHead(302, { location: `/?left=${left - 1}` }).end();
    });
    expect((await get(site.url('/?left=5'))).equals(photo)).toBe(true);
    await expect(get(site.url('/?left=6'))).rejects.toMatchObject(failed('too-many-redirects'));
    await site.untilQuiet();
  });

  test('an announced length over the limit is refused before anything is read', async () => {
    await using site = await sendsPhoto();
    await expect(fetchUrl(site.url('/'), { ...guarded, maxBytes: 599_999 })).rejects.toMatchObject({
      code: 'too_large',
    });
    expect((await get(site.url('/'), { maxBytes: 600_000 })).byteLength).toBe(600_000);
    await site.untilQuiet();
  });

  test('endless content without a length is cut off at the limit', async () => {
    await using site = await Site.start(PUBLIC, (_request, response) => {
      const more = () => {
        while (response.write(patterned(65_536)));
      };
      response.on('drain', more);
      more();
    });
    await expect(get(site.url('/'), { maxBytes: 1_000_000 })).rejects.toMatchObject({ code: 'too_large' });
    await site.untilQuiet();
  });

  test('a resolver that never answers ends with the connect limit', async () => {
    const clock = new FakeClock();
    const resolve = () => new Promise<never>(() => undefined);
    const fetching = expect(get('http://silent.example/', { clock, resolve })).rejects.toMatchObject(
      failed('timeout'),
    );
    await clock.untilPending(2);
    clock.advance(10_000);
    await fetching;
    expect(clock.pending).toBe(0);
  });

  test('a server that accepts and says nothing ends with the idle limit', async () => {
    const clock = new FakeClock();
    const arrived = Promise.withResolvers<void>();
    await using site = await Site.start(PUBLIC, () => arrived.resolve());
    const fetching = expect(get(site.url('/'), { clock, connectMs: 50_000, idleMs: 2_000 })).rejects.toThrow(
      'waiting for the server took longer than 2000 ms',
    );
    await arrived.promise;
    clock.advance(2_000);
    await fetching;
    expect(clock.pending).toBe(0);
    await site.untilQuiet();
  });

  test('a server that falls silent in the middle ends with the idle limit', async () => {
    const clock = new FakeClock();
    await using site = await Site.start(PUBLIC, (_request, response) => {
      response.writeHead(200, { 'content-length': 1_000 }).write(patterned(500));
    });
    await using download = await fetchUrl(site.url('/'), { ...guarded, clock });
    const body = download.body[Symbol.asyncIterator]();
    await body.next();
    const next = expect(body.next()).rejects.toMatchObject(failed('timeout'));
    clock.advance(15_000);
    await next;
    expect(clock.pending).toBe(0);
    await site.untilQuiet();
  });

  test('a server that drips for ever ends with the total limit', async () => {
    const clock = new FakeClock();
    const responses: { write(bytes: Uint8Array): unknown }[] = [];
    await using site = await Site.start(PUBLIC, (_request, response) => {
      responses.push(response);
      response.write(patterned(1));
    });
    await using download = await fetchUrl(site.url('/'), { ...guarded, clock, totalMs: 30_000 });
    const body = download.body[Symbol.asyncIterator]();
    await body.next();
    for (let second = 10; second < 30; second += 10) {
      clock.advance(10_000);
      responses[0]?.write(patterned(1));
      await body.next();
    }
    const next = expect(body.next()).rejects.toThrow('the download took longer than 30000 ms');
    clock.advance(10_000);
    await next;
    await site.untilQuiet();
  });

  test('time in which nobody reads is not the server’s silence', async () => {
    const clock = new FakeClock();
    await using site = await sendsPhoto();
    await using download = await fetchUrl(site.url('/'), { ...guarded, clock, totalMs: 600_000 });
    const body = download.body[Symbol.asyncIterator]();
    let seen = (await body.next()).value?.byteLength ?? 0;
    clock.advance(60_000);
    for (let step = await body.next(); step.done !== true; step = await body.next()) {
      seen += step.value.byteLength;
    }
    expect(seen).toBe(photo.byteLength);
    expect(clock.pending).toBe(0);
  });
});

describe('failures say what failed', () => {
  test.each([400, 404, 500, 304, 206])('status %i', async (status) => {
    await using site = await Site.start(
      PUBLIC,
      (_request, response) => void response.writeHead(status).end(),
    );
    await expect(get(site.url('/?token=abc'))).rejects.toMatchObject({
      ...failed('status'),
      status,
      message: `${PUBLIC}:${site.port} answered ${status}`,
    });
    await site.untilQuiet();
  });

  test('content shorter than its announced length is not taken for whole', async () => {
    await using site = await Site.start(PUBLIC, (_request, response) => {
      response.writeHead(200, { 'content-length': 1_000 });
      response.write(patterned(500), () => response.socket?.destroy());
    });
    await expect(get(site.url('/'))).rejects.toMatchObject(failed('truncated'));
  });

  test('chunked content without its end is not taken for whole', async () => {
    await using site = await Site.start(PUBLIC, (_request, response) => {
      response.write(patterned(500), () => response.socket?.destroy());
    });
    await expect(get(site.url('/'))).rejects.toMatchObject(failed('truncated'));
  });

  test('an encoding that nobody asked for', async () => {
    await using site = await Site.start(PUBLIC, (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(photo);
    });
    await expect(get(site.url('/'))).rejects.toMatchObject(failed('encoding'));
    await site.untilQuiet();
  });

  test('nobody listens', async () => {
    const site = await sendsPhoto();
    const url = site.url('/');
    await site[Symbol.asyncDispose]();
    await expect(get(url)).rejects.toMatchObject(failed('connect'));
  });

  test('a name without an address', async () => {
    const resolve = () => Promise.reject(new Error('ENOTFOUND'));
    await expect(get('http://nobody.example/', { resolve })).rejects.toMatchObject(failed('dns'));
  });

  test('a server that does not speak TLS, or HTTP', async () => {
    await using site = await sendsPhoto();
    await expect(get(site.url('/').replace('http:', 'https:'))).rejects.toMatchObject(failed('connect'));
    const garbage = createServer((socket) => socket.on('error', () => undefined).end('not HTTP at all\r\n'));
    await new Promise<void>((resolve) => garbage.listen(0, PUBLIC, resolve));
    const address = garbage.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    await expect(get(`http://${PUBLIC}:${port}/`)).rejects.toMatchObject(failed('network'));
    garbage.close();
  });

  test('a redirect to nowhere', async () => {
    await using site = await Site.start(PUBLIC, (_request, response) => void response.writeHead(302).end());
    await expect(get(site.url('/'))).rejects.toMatchObject(failed('network'));
  });
});

describe('being stopped', () => {
  const stop = new Error('the caller has gone');

  test('an abort before, while waiting, and in the middle ends it with the caller’s reason', async () => {
    const arrived = Promise.withResolvers<void>();
    await using silent = await Site.start(PUBLIC, () => arrived.resolve());
    await expect(get(silent.url('/'), { signal: AbortSignal.abort(stop) })).rejects.toBe(stop);

    const waiting = new AbortController();
    const fetching = expect(get(silent.url('/'), { signal: waiting.signal })).rejects.toBe(stop);
    await arrived.promise;
    waiting.abort(stop);
    await fetching;
    await silent.untilQuiet();

    await using half = await Site.start(PUBLIC, (_request, response) => void response.write(patterned(10)));
    const middle = new AbortController();
    await using download = await fetchUrl(half.url('/'), { ...guarded, signal: middle.signal });
    const body = download.body[Symbol.asyncIterator]();
    await body.next();
    const next = expect(body.next()).rejects.toBe(stop);
    middle.abort(stop);
    await next;
    await half.untilQuiet();
  });

  test('a download that nobody reads closes its connection when it is disposed of', async () => {
    const clock = new FakeClock();
    await using site = await sendsPhoto();
    const download = await fetchUrl(site.url('/'), { ...guarded, clock });
    await download[Symbol.asyncDispose]();
    await site.untilQuiet();
    expect(clock.pending).toBe(0);
  });

  test('a reader that leaves early closes the connection', async () => {
    await using site = await Site.start(PUBLIC, (_request, response) => void response.write(patterned(10)));
    await using download = await fetchUrl(site.url('/'), guarded);
    for await (const _chunk of download.body) break;
    await site.untilQuiet();
  });
});
