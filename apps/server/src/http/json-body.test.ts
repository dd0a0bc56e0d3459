import { fastify } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sendError } from '../errors/exception.filter.ts';
import { acceptJson } from './json-body.ts';

const app = fastify();

beforeAll(async () => {
  app.removeAllContentTypeParsers();
  acceptJson(app);
  app.setErrorHandler(sendError);
  app.post('/json', { config: { takesJson: 'parsed' } }, async (request) => ({ got: request.body }));
  app.post('/form', async () => 'no form');
  await app.ready();
});
afterAll(() => app.close());

const post = (url: string, payload: string, type = 'application/json; charset=utf-8') =>
  app.inject({ method: 'POST', url, payload, headers: { 'content-type': type } });

test('a route that takes JSON gets it parsed', async () => {
  const answer = await post('/json', '{"why":"a test"}');
  expect(answer.json()).toEqual({ got: { why: 'a test' } });
});

test.each([
  ['no JSON', '{"why":'],
  ['nothing', ''],
  ['a key that reaches into prototypes', '{"__proto__":{"admin":true}}'],
])('%s is refused with 400', async (_, payload) => {
  const answer = await post('/json', payload);
  expect([answer.statusCode, answer.json().error.code]).toEqual([400, 'invalid_json']);
});

test('a body of more than 64 KiB is refused with 413', async () => {
  const answer = await post('/json', JSON.stringify({ why: 'x'.repeat(64 * 1024) }));
  expect(answer.statusCode).toBe(413);
});

test('a route that takes forms is not given JSON', async () => {
  expect((await post('/form', '{}')).statusCode).toBe(415);
});

test('no route takes other types', async () => {
  expect((await post('/json', 'why=x', 'application/x-www-form-urlencoded')).statusCode).toBe(415);
});

test('an unknown address stays unknown', async () => {
  expect((await post('/nowhere', '{}')).statusCode).toBe(404);
});
