import { expect, test } from 'vitest';
import { clientBench } from '../testing/client-bench.ts';
import { answer, hangUp, saysNothing } from '../testing/upstream.ts';
import { createFetch } from './fetch.ts';

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

test.each([302, 404, 422])('a %i is a response, not an error', async (status) => {
  await using bench = await clientBench([answer(status, { 'x-request-id': 'r1' }, '{"error":"no"}')]);
  const response = await createFetch(bench.client, { safety: 'repeatable' })(bench.upstream.url);
  expect([response.status, response.headers.get('x-request-id')]).toEqual([status, 'r1']);
  expect(await response.json()).toEqual({ error: 'no' });
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
