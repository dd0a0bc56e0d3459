/** What strangers try, as bytes on a socket: clients would refuse to send most of it. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ferry, startFerry } from './support/ferry.ts';
import { form, IMG2IMG, picture, post } from './support/form.ts';

const ADMIN = 'correct-horse-battery';
const CLIENT = 'a-key-of-the-shop';

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Sends bytes as they are; the answers, when the gateway has closed the connection. */
async function raw(url: string, bytes: string): Promise<Answer[]> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(Buffer.from(bytes, 'latin1'));
  const received = await text(socket.setEncoding('latin1'));
  return received
    .split(/(?=HTTP\/1\.1 \d{3} )/)
    .filter((part) => part !== '')
    .map((part) => ({ status: Number(part.slice(9, 12)), text: part }));
}

const head = (line: string, ...headers: string[]): string =>
  [`${line} HTTP/1.1`, ...headers, 'connection: close', '', ''].join('\r\n');

describe('a gateway with keys on loopback, as behind a reverse proxy', () => {
  let ferry: Ferry;
  beforeAll(async () => {
    ferry = await startFerry({
      toml: '[auth]\nadmin_key = "env:ADMIN"\n[[api_key]]\nname = "shop"\nkey = "env:CLIENT"\n',
      env: { ADMIN, CLIENT },
    });
  });
  afterAll(() => ferry[Symbol.asyncDispose]());

  const SETTINGS = '/api/v1/admin/settings';
  test.each([
    `/${SETTINGS}`,
    `${SETTINGS}/`,
    SETTINGS.toUpperCase(),
    '/api%2fv1/admin/settings',
    '/%61pi/v1/admin/settings',
    `/admin/..${SETTINGS}`,
    `/v1/..${SETTINGS}`,
    `/v1/%2e%2e${SETTINGS}`,
    `/images/..%2f..${SETTINGS}`,
    `${SETTINGS}#/admin/`,
    `${SETTINGS};/admin/`,
    `${SETTINGS}.`,
    `http://localhost${SETTINGS}`,
    `http://localhost/admin/..${SETTINGS}`,
    `http:///admin/..${SETTINGS}`,
    '/%00/admin/',
    '/__proto__',
    '*',
  ])('no other way of writing it opens the admin API: %s', async (target) => {
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'PATCH']) {
      for (const key of [undefined, CLIENT]) {
        const authorization = key === undefined ? [] : [`authorization: Bearer ${key}`];
        const [answer] = await raw(
          ferry.url,
          head(`${method} ${target}`, 'host: localhost', ...authorization),
        );
        expect([400, 401, 403, 404, 405], `${method} ${answer?.text}`).toContain(answer?.status);
        expect(answer?.text).not.toContain('reuse_session');
      }
    }
  });

  test.each([
    '/admin/assets/..%2f..%2fpackage.json',
    '/admin/assets/%2e%2e/%2e%2e/package.json',
    '/admin/assets/..\\..\\package.json',
    '/images/..%2f..%2fsettings.json',
    '/images/%2e%2e%2fsettings.json',
  ])('no file beside those that are served is found: %s', async (target) => {
    const [answer] = await raw(ferry.url, head(`GET ${target}`, 'host: localhost'));
    expect([400, 403, 404]).toContain(answer?.status);
  });

  test('metrics are for this machine: not for a rebound name, nor for whom a proxy brings', async () => {
    const ask = async (...headers: string[]) =>
      (await raw(ferry.url, head('GET /metrics', ...headers)))[0]?.status;
    expect(await ask('host: localhost')).toBe(200);
    expect(await ask('host: evil.example')).toBe(401);
    expect(await ask('host: localhost', 'x-forwarded-for: 198.51.100.7')).toBe(401);
    expect(await ask('host: localhost', 'sec-fetch-site: cross-site', 'sec-fetch-mode: no-cors')).toBe(401);
    expect(await ask('host: evil.example', `authorization: Bearer ${ADMIN}`)).toBe(200);
  });

  test('guesses in one packet are counted one by one', async () => {
    const guess = (n: number): string =>
      `GET ${SETTINGS} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer guess-${n}\r\n\r\n`;
    const guesses = Array.from({ length: 40 }, (_, n) => guess(n)).join('');
    const answers = await raw(ferry.url, guesses + head(`GET ${SETTINGS}`, 'host: localhost'));
    const statuses = answers.map(({ status }) => status);
    expect(statuses).toEqual([...Array(5).fill(401), ...Array(35).fill(429), 401]);
  });
});

describe('a gateway without keys', () => {
  let ferry: Ferry;
  beforeAll(async () => {
    ferry = await startFerry();
  });
  afterAll(() => ferry[Symbol.asyncDispose]());

  test('is not for those whom a proxy brings, nor for what pages of other sites load', async () => {
    const ask = async (path: string, headers: Record<string, string>) =>
      (await fetch(`${ferry.url}${path}`, { headers })).status;
    const events = '/api/v1/admin/transport/events';
    expect(await ask('/api/v1/admin/console', {})).toBe(200);
    expect(await ask('/api/v1/admin/console', { 'x-forwarded-for': '198.51.100.7' })).toBe(403);
    expect(
      await raw(ferry.url, head(`GET ${events}`, 'host: localhost', 'sec-fetch-site: cross-site')),
    ).toMatchObject([{ status: 403 }]);
  });

  test('a result is a picture and nothing else to a browser', async () => {
    const { body } = await post(ferry.url, form({ prompt: 'sepia', image: picture() }));
    const link = body.data?.[0]?.url ?? '';
    const image = await fetch(link);
    await image.body?.cancel();
    expect(Object.fromEntries(image.headers)).toMatchObject({
      'content-type': expect.stringMatching(/^image\/(png|jpeg|webp)$/),
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
    });
    expect(new URL(link).pathname).toMatch(/^\/images\/[\w-]{24}\.\w+$/);
  });

  test.each([
    [
      'a picture that is a program',
      '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
      'x.svg',
    ],
    ['a page', '<!doctype html><script>alert(1)</script>', 'x.png'],
    ['an address in a file', 'http://127.0.0.1/', 'x.png'],
  ])('%s is no image', async (_what, content, name) => {
    const reply = await post(ferry.url, form({ prompt: 'x', image: new File([content], name) }));
    expect([reply.status, reply.body.error?.code]).toEqual([400, 'invalid_image']);
  });

  test('names and texts with line breaks make no line of their own in the log', async () => {
    const evil = 'x\r\n{"level":"error","msg":"forged"}\r\n.jpg';
    const reply = await post(ferry.url, form({ prompt: evil, image: picture(undefined, evil) }), {
      headers: { 'x-request-id': 'forged id' },
    });
    expect(reply.status).toBe(200);
    expect(reply.headers.get('x-request-id')).toMatch(/^req_/);
    expect(ferry.process.messages()).not.toContain('forged');
  });

  test.each([
    ['with a prototype', '{"why":"x","__proto__":{"upload":{"reuse_session":true}}}'],
    ['with a constructor', '{"why":"x","constructor":{"prototype":{"a":1}}}'],
    ['30,000 arrays deep', `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
    ['with a number beyond all', '{"why":"x","pool":{"spares":1e999}}'],
    ['with a number of 400 digits', `{"why":"x","pool":{"spares":${'9'.repeat(400)}}}`],
  ])('JSON %s is a bad request', async (_what, body) => {
    const response = await fetch(`${ferry.url}/api/v1/admin/settings?dry_run=true`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body,
    });
    await response.body?.cancel();
    expect(response.status).toBe(400);
  });

  test('children get none of the gateway’s environment', () => {
    const environment = readFileSync(`/proc/${ferry.simulatorPid}/environ`, 'latin1').split('\0');
    expect(environment.filter((one) => !/^(PATH|TMPDIR)=/.test(one) && one !== '')).toEqual([]);
  });
});

test('strangers write only so many lines into the log, and none of them is long', async () => {
  await using ferry = await startFerry({ toml: '[auth]\nadmin_key = "env:ADMIN"\n', env: { ADMIN } });
  const requests = Array.from(
    { length: 300 },
    (_, n) => `GET ${IMG2IMG}/${n}/${'x'.repeat(1_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`,
  );
  await raw(ferry.url, requests.join('') + head('GET /', 'host: localhost'));
  const known = await fetch(`${ferry.url}/api/v1/admin/console`, {
    headers: { authorization: `Bearer ${ADMIN}` },
  });
  await known.body?.cancel();
  await ferry.process.line(({ path, status }) => path === '/api/v1/admin/console' && status === 200);
  const lines = ferry.process.lines.filter(({ status }) => status === 401);
  expect(lines).toHaveLength(100);
  expect(Math.max(...lines.map(({ path }) => String(path).length))).toBe(256);
});

test('connections beyond the limit are closed, and one more is taken when one is gone', async () => {
  await using ferry = await startFerry({ toml: '[server]\nmax_connections = 64\n' });
  const { port } = new URL(ferry.url);
  const idle = await Promise.all(
    Array.from({ length: 64 }, async () => {
      const socket = connect(Number(port), '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    }),
  );
  try {
    expect(await raw(ferry.url, head('GET /health/live', 'host: localhost')).catch(() => [])).toEqual([]);
  } finally {
    await Promise.all(
      idle.map(async (socket) => {
        socket.resume().end();
        await once(socket, 'close');
      }),
    );
  }
  expect(await raw(ferry.url, head('GET /health/live', 'host: localhost'))).toMatchObject([{ status: 200 }]);
});
