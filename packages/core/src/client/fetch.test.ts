import { describe, expect, test } from 'vitest';
import { CredentialPool } from '../credential/credential-pool.ts';
import { clientBench } from '../testing/client-bench.ts';
import { answer, hangUp, saysNothing } from '../testing/upstream.ts';
import { createFetch } from './fetch.ts';

type Behaviour = Parameters<typeof clientBench>[0][number];

/** An answer that comes in two pieces; the second when `more` resolves. */
const inPieces =
  (first: string, more: Promise<string>, type = 'text/event-stream'): Behaviour =>
  (response) => {
    response.writeHead(200, { 'content-type': type });
    response.write(first);
    void more.then((rest) => response.end(rest));
  };

test('a library that takes a fetch gets its retries without knowing', async () => {
  await using bench = await clientBench([
    answer(503),
    answer(200, { 'content-type': 'application/json' }, '{"ok":1}'),
  ]);
  const fetch = createFetch(bench.client, { safety: 'repeatable' });
  const response = await fetch(bench.upstream.url, { method: 'POST', body: 'hello' });
  expect(response.ok).toBe(true);
  expect(await response.json()).toEqual({ ok: 1 });
  expect(bench.upstream.seen.map((request) => request.body.toString())).toEqual(['hello', 'hello']);
});

test('headers and a multipart form arrive as the platform writes them', async () => {
  await using bench = await clientBench([answer(200)]);
  const form = new FormData();
  form.set('prompt', 'a cat');
  form.set('image', new Blob(['bytes']), 'cat.png');
  await createFetch(bench.client, { safety: 'repeatable' })(bench.upstream.url, {
    method: 'POST',
    headers: { 'x-trace': 't1' },
    body: form,
  });
  const [seen] = bench.upstream.seen;
  expect(seen?.headers['x-trace']).toBe('t1');
  expect(seen?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
  expect(seen?.body.toString()).toContain('filename="cat.png"');
});

test('a bearer token is treated as a credential: it is sent, and repeated nowhere', async () => {
  const echo = answer(400, {}, 'the key sk-secret-1 is wrong');
  await using bench = await clientBench([echo]);
  const headers = { authorization: 'Bearer sk-secret-1' };
  const response = await createFetch(bench.client, { safety: 'billable' })(bench.upstream.url, { headers });
  expect(bench.upstream.seen[0]?.headers.authorization).toBe('Bearer sk-secret-1');
  expect(await response.text()).toBe('the key [redacted] is wrong');
});

test('an authorization of another scheme goes out as it is', async () => {
  await using bench = await clientBench([answer(200)]);
  const headers = { authorization: 'Basic dXNlcjpwYXNz' };
  await createFetch(bench.client, { safety: 'repeatable' })(bench.upstream.url, { headers });
  expect(bench.upstream.seen[0]?.headers.authorization).toBe('Basic dXNlcjpwYXNz');
});

test.each([304, 404, 422])('a %i is a response, not an error', async (status) => {
  await using bench = await clientBench([answer(status, { 'x-request-id': 'r1' }, '{"error":"no"}')]);
  const response = await createFetch(bench.client, { safety: 'repeatable' })(bench.upstream.url);
  expect([response.status, response.headers.get('x-request-id')]).toEqual([status, 'r1']);
  expect(status === 304 ? null : await response.json()).toEqual(status === 304 ? null : { error: 'no' });
});

test('a 204 has no body, and each cookie is one', async () => {
  const cookies: Parameters<typeof clientBench>[0][number] = (response) =>
    response.writeHead(204, { 'set-cookie': ['a=1', 'b=2'] }).end();
  await using bench = await clientBench([cookies]);
  const response = await createFetch(bench.client, { safety: 'repeatable' })(bench.upstream.url);
  expect(response.body).toBeNull();
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
});

test('an answer that does not come is a TypeError whose cause says what happened', async () => {
  await using bench = await clientBench([hangUp]);
  const fetch = createFetch(bench.client, { safety: 'billable' });
  const error: unknown = await fetch(bench.upstream.url, { method: 'POST', body: 'x' }).catch(
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(TypeError);
  expect(error).toMatchObject({ cause: { name: 'RequestFailure', code: 'upstream_unknown_outcome' } });
});

test('an abort rejects with its reason', async () => {
  await using bench = await clientBench([saysNothing]);
  const controller = new AbortController();
  const fetch = createFetch(bench.client, { safety: 'repeatable' });
  const running = fetch(bench.upstream.url, { signal: controller.signal });
  await bench.upstream.untilSeen(1);
  controller.abort();
  await expect(running).rejects.toMatchObject({ name: 'AbortError' });
});

test('a method that the transports do not know is refused', async () => {
  await using bench = await clientBench([answer(200)]);
  const fetch = createFetch(bench.client, { safety: 'repeatable' });
  await expect(fetch(bench.upstream.url, { method: 'OPTIONS' })).rejects.toThrow(/OPTIONS/);
});

test('a body that flows is read while it arrives, and its key is in flight until its end', async () => {
  const more = Promise.withResolvers<string>();
  await using bench = await clientBench([inPieces('data: 1\n\n', more.promise)]);
  const credential = new CredentialPool([{ alias: 'main', secret: 'sk-main' }]);
  const fetch = createFetch(bench.client, { safety: 'billable', credential });
  const response = await fetch(bench.upstream.url);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  expect(await reader?.read()).toEqual({ done: false, value: 'data: 1\n\n' });
  expect(credential.list()[0]?.inFlight).toBe(1);
  more.resolve('data: 2\n\n');
  expect(await reader?.read()).toEqual({ done: false, value: 'data: 2\n\n' });
  expect(await reader?.read()).toEqual({ done: true, value: undefined });
  expect(credential.list()[0]?.inFlight).toBe(0);
});

test('a body that flows ends with the reason of the abort, and nothing stays open', async () => {
  const never = Promise.withResolvers<string>();
  await using bench = await clientBench([inPieces('data: 1\n\n', never.promise)]);
  const controller = new AbortController();
  const { signal } = controller;
  const response = await createFetch(bench.client, { safety: 'billable' })(bench.upstream.url, { signal });
  const reader = response.body?.getReader();
  await reader?.read();
  controller.abort(new Error('enough'));
  await expect(reader?.read()).rejects.toThrow('enough');
  expect(bench.isolated.stats().streams).toBe(0);
});

test('a body that flows and breaks off is an error, never a shorter body', async () => {
  const cut: Behaviour = (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: 1\n\n', () => response.socket?.destroy());
  };
  await using bench = await clientBench([cut]);
  const response = await createFetch(bench.client, { safety: 'repeatable' })(bench.upstream.url);
  await expect(response.text()).rejects.toMatchObject({ message: 'terminated', cause: { phase: 'body' } });
});

test('a body that its reader cancels frees its connection', async () => {
  const never = Promise.withResolvers<string>();
  await using bench = await clientBench([inPieces('data: 1\n\n', never.promise)]);
  const response = await createFetch(bench.client, { safety: 'repeatable' })(bench.upstream.url);
  const reader = response.body?.getReader();
  await reader?.read();
  await reader?.cancel();
  await bench.client.close();
  expect(bench.isolated.stats().streams).toBe(0);
});

test('an answer in JSON that breaks off is asked for again', async () => {
  const cut: Behaviour = (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"id":', () => response.socket?.destroy());
  };
  const whole = answer(200, { 'content-type': 'application/json' }, '{"id":1}');
  await using bench = await clientBench([cut, whole]);
  const response = await createFetch(bench.client, { safety: 'repeatable' })(bench.upstream.url);
  expect(await response.json()).toEqual({ id: 1 });
});

test('an answer longer than 1 MiB flows whole', async () => {
  const text = JSON.stringify('x'.repeat(3 * 1024 * 1024));
  await using bench = await clientBench([answer(200, { 'content-type': 'application/json' }, text)]);
  const response = await createFetch(bench.client, { safety: 'repeatable' })(bench.upstream.url);
  expect((await response.text()).length).toBe(text.length);
});

test('the page of an error comes whole up to 64 KiB', async () => {
  const page = JSON.stringify({ error: { message: 'é'.repeat(20_000) } });
  await using bench = await clientBench([answer(400, { 'content-type': 'application/json' }, page)]);
  const response = await createFetch(bench.client, { safety: 'billable' })(bench.upstream.url);
  expect(await response.text()).toBe(page);
});

test('a Request object is sent as it is, with a body that can go again', async () => {
  await using bench = await clientBench([answer(503), answer(200)]);
  const request = new Request(bench.upstream.url, {
    method: 'PUT',
    headers: { 'x-trace': 't1' },
    body: new Blob(['hello']).stream(),
    duplex: 'half',
  });
  const response = await createFetch(bench.client, { safety: 'repeatable' })(request);
  expect(response.url).toBe(bench.upstream.url.href);
  expect(bench.upstream.seen.map(({ method, body }) => [method, body.toString()])).toEqual([
    ['PUT', 'hello'],
    ['PUT', 'hello'],
  ]);
});

test('each request can have a safety of its own', async () => {
  await using bench = await clientBench([hangUp, answer(200)]);
  const fetch = createFetch(bench.client, {
    safety: ({ method }) => (method === 'POST' ? 'billable' : 'repeatable'),
  });
  await expect(fetch(bench.upstream.url, { method: 'POST', body: 'x' })).rejects.toThrow('fetch failed');
  expect((await fetch(bench.upstream.url)).status).toBe(200);
  expect(bench.upstream.seen).toHaveLength(2);
});

describe('redirects', () => {
  const to = (status: number, location: string) => answer(status, { location });

  test.each([
    [301, 'GET', ''],
    [302, 'GET', ''],
    [303, 'GET', ''],
    [307, 'POST', 'hello'],
    [308, 'POST', 'hello'],
  ])('a %i is followed as %s', async (status, method, body) => {
    await using bench = await clientBench([to(status, '/elsewhere'), answer(200)]);
    const response = await createFetch(bench.client, { safety: 'billable' })(bench.upstream.url, {
      method: 'POST',
      body: 'hello',
      headers: { authorization: 'Bearer sk-1' },
    });
    expect([response.status, response.redirected, new URL(response.url).pathname]).toEqual([
      200,
      true,
      '/elsewhere',
    ]);
    const second = bench.upstream.seen[1];
    expect([second?.method, second?.body.toString(), second?.headers.authorization]).toEqual([
      method,
      body,
      'Bearer sk-1',
    ]);
  });

  test('another origin hears no credential, neither the caller’s nor the pool’s', async () => {
    await using other = await clientBench([answer(200)]);
    await using bench = await clientBench([to(307, other.upstream.url.href)]);
    const credential = new CredentialPool([{ alias: 'main', secret: 'sk-main' }]);
    const fetch = createFetch(bench.client, { safety: 'billable', credential });
    await fetch(bench.upstream.url, { headers: { cookie: 'a=1' } });
    const bare = createFetch(bench.client, { safety: 'billable' });
    await bare(bench.upstream.url, { headers: { authorization: 'Bearer sk-1' } });
    expect(other.upstream.seen.map(({ headers }) => [headers.authorization, headers.cookie])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
  });

  test('are handed over or refused where the request says so, and end somewhere', async () => {
    await using bench = await clientBench([to(302, '/again')]);
    const fetch = createFetch(bench.client, { safety: 'repeatable' });
    expect((await fetch(bench.upstream.url, { redirect: 'manual' })).status).toBe(302);
    await expect(fetch(bench.upstream.url, { redirect: 'error' })).rejects.toThrow(/redirect/);
    await expect(fetch(bench.upstream.url)).rejects.toThrow(/more than 20 redirects/);
    expect(bench.upstream.seen).toHaveLength(23);
  });

  test.each(['ftp://example.org/', 'http://name:word@127.0.0.1/', 'data:text/plain,x'])(
    'to %s are not followed',
    async (location) => {
      await using bench = await clientBench([to(302, location)]);
      await expect(createFetch(bench.client, { safety: 'repeatable' })(bench.upstream.url)).rejects.toThrow(
        /redirect leads to/,
      );
    },
  );
});

test.each<[string, object]>([
  ['dispatcher', { dispatcher: {} }],
  ['integrity', { integrity: 'sha256-x' }],
  ['keepalive', { keepalive: true }],
  ['credentials: include', { credentials: 'include' }],
  ['cache: force-cache', { cache: 'force-cache' }],
])('the option %s is refused by name', async (name, init) => {
  await using bench = await clientBench([answer(200)]);
  const fetch = createFetch(bench.client, { safety: 'repeatable' });
  await expect(fetch(bench.upstream.url, init)).rejects.toThrow('does not support');
  await expect(fetch(bench.upstream.url, init)).rejects.toThrow(name);
  expect(bench.upstream.seen).toHaveLength(0);
});

test('a scheme other than http and https is refused by name', async () => {
  await using bench = await clientBench([answer(200)]);
  const fetch = createFetch(bench.client, { safety: 'repeatable' });
  await expect(fetch('data:text/plain,x')).rejects.toThrow(/the scheme data:/);
});

test('compressed answers are not asked for, and refused when they come all the same', async () => {
  await using bench = await clientBench([answer(200, { 'content-encoding': 'gzip' }, 'zipped')]);
  const fetch = createFetch(bench.client, { safety: 'repeatable' });
  await expect(fetch(bench.upstream.url)).rejects.toThrow(/content-encoding/);
  expect(bench.upstream.seen[0]?.headers['accept-encoding']).toBe('identity');
});
