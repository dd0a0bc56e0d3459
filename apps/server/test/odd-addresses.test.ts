import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestPostgres } from '../src/database/testing/postgres.ts';
import { type Ferry, startFerry } from './support/ferry.ts';
import { bytesOf, ROCKET } from './support/form.ts';

let postgres: TestPostgres;
let ferry: Ferry;
beforeAll(async () => {
  postgres = await TestPostgres.start();
  ferry = await startFerry({ database: new URL(await postgres.database()) });
  await ferry.process.line(({ msg }) => msg === 'PostgreSQL is there');
});
afterAll(async () => {
  await ferry?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** As it stands: `fetch` would tidy the address first. */
async function ask(
  method: string,
  path: string,
  { headers = {}, body = '' }: { headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<Answer> {
  const length = Buffer.byteLength(body);
  const asking = request(ferry.url, {
    method,
    path,
    agent: false,
    headers: { ...headers, 'content-length': length },
  });
  asking.end(body);
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}

/** Every route that takes an id or a cursor; the star is where. */
const IDS = [
  'GET /v1/files/*',
  'DELETE /v1/files/*',
  'GET /v1/models/*',
  'GET /images/*',
  'DELETE /api/v1/admin/keys/*',
  'GET /admin/assets/*',
] as const;
const CURSORS = [
  'GET /v1/files?after=*',
  'GET /api/v1/admin/uploads?after=*',
  'GET /api/v1/admin/uploads?before=*',
  'GET /api/v1/admin/audit?before=*',
  'GET /api/v1/admin/settings/revisions?before=*',
  'POST /api/v1/admin/transport/fallback/reset?origin=*',
] as const;
/** Other parts of a query that come from outside. */
const FILTERS = [
  'GET /v1/files?purpose=*',
  'GET /v1/files?limit=*',
  'GET /v1/files?order=*',
  'GET /api/v1/admin/uploads?state=*',
  'GET /api/v1/admin/uploads?limit=*',
  'GET /api/v1/admin/audit?limit=*',
  'GET /api/v1/admin/settings/revisions?limit=*',
  'GET /api/v1/admin/status/series?minutes=*',
] as const;

/** No route knows any of these. */
const CONTROLS = ['%00', 'a%00b', '%00%00', '%01', '%0a', '%0D%0A', '%1f', '%7F'] as const;
const ODD = [
  ['malformed UTF-8', '%ff'],
  ['half a character', '%F0%9F'],
  ['an overlong form', '%C0%80'],
  ['half a surrogate pair', '%ED%A0%80'],
  ['a percent sign alone', '%'],
  ['a percent sign before no number', '%zz'],
  ['two points', '..'],
  ['two points, encoded', '%2e%2e'],
  ['a way out', '..%2f..%2f..%2fetc%2fpasswd'],
  ['a way out, of Windows', '..%5c..%5cboot.ini'],
  ['201 characters', 'x'.repeat(201)],
  ['5,000 characters', 'x'.repeat(5_000)],
  ['more than a head may hold', 'x'.repeat(17_000)],
  ['another script', '%F0%9F%8E%A8'],
  ['a number below all', '-1'],
  ['a number beyond all', '1e999'],
  ['a moment that no calendar has', '999999999999999-upl_x'],
  ['a name that objects have', '__proto__'],
  ['SQL', "'%20or%201=1--"],
] as const;

const fill = (route: string, odd: string): [method: string, path: string] => {
  const [method = '', path = ''] = route.split(' ');
  return [method, path.replace('*', odd)];
};

/** OpenAI's. */
const ERROR = {
  message: expect.any(String),
  type: expect.stringMatching(/_error$/),
  param: expect.toSatisfy((param) => param === null || typeof param === 'string'),
  code: expect.any(String),
};

/** Refused, in the shape that http-api promises, with an id that the log has too. */
function expectRefusal({ status, headers, body }: Answer, allowed: readonly number[], what: string): void {
  expect(allowed, `${what}: ${status} ${body.slice(0, 200)}`).toContain(status);
  expect(JSON.parse(body).error, what).toEqual(ERROR);
  expect(headers['x-request-id'], what).toMatch(/^req_/);
}

test.each([...IDS, ...CURSORS, ...FILTERS])(
  '%s with a control character is a request at fault',
  async (route) => {
    for (const odd of CONTROLS) {
      const [method, path] = fill(route, odd);
      expectRefusal(await ask(method, path), [400, 404], path);
    }
  },
);

test.each(IDS)('%s with an odd id is refused, and nothing breaks', async (route) => {
  for (const [what, odd] of ODD) {
    const [method, path] = fill(route, odd);
    // 403: the server of static files, for a way out of its folder.
    expectRefusal(await ask(method, path), [400, 403, 404, 414, 431], `${what}: ${path.slice(0, 80)}`);
  }
});

test.each([...CURSORS, ...FILTERS])('%s with an odd value is refused or finds nothing', async (route) => {
  for (const [what, odd] of [...ODD, ['nothing', '']] as const) {
    const [method, path] = fill(route, odd);
    const answer = await ask(method, path);
    const sentence = `${what}: ${path.slice(0, 80)}`;
    if (answer.status === 200 && route === 'GET /v1/files?purpose=*') {
      expect(JSON.parse(answer.body).data, sentence).toEqual([]);
    } else expectRefusal(answer, [400, 404, 431], sentence);
  }
});

test('a cursor that is given twice, or as a list, is refused', async () => {
  for (const path of [
    '/v1/files?after=a&after=b',
    '/api/v1/admin/uploads?before=1-upl_a&before=2-upl_b',
    '/api/v1/admin/audit?before=1&before=2',
    '/api/v1/admin/settings/revisions?before=1&before=2',
  ]) {
    expectRefusal(await ask('GET', path), [400], path);
  }
});

test('an edit that names a file by an id with a control character is told that there is none', async () => {
  for (const file_id of ['\0', 'file-\0', '\ud800', 'file-\n'.padEnd(29, 'x')]) {
    const body = JSON.stringify({ model: 'grok-imagine-image', prompt: 'x', images: [{ file_id }] });
    const answer = await ask('POST', '/v1/images/edits', {
      headers: { 'content-type': 'application/json' },
      body,
    });
    expectRefusal(answer, [404], JSON.stringify(file_id));
    expect(JSON.parse(answer.body).error).toMatchObject({
      code: 'file_not_found',
      param: 'images[0].file_id',
    });
  }
});

test('a file whose name holds NUL is taken, listed and looked up', async () => {
  const boundary = 'x-odd-boundary';
  const body = Buffer.concat([
    Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nvision\r\n`),
    Buffer.from(
      `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename*=UTF-8''a%00b.jpg\r\ncontent-type: image/jpeg\r\n\r\n`,
    ),
    bytesOf(ROCKET),
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
  const { status, body: made } = await ask('POST', '/v1/files', { headers, body });
  expect(status, made).toBe(200);
  const found = await ask('GET', `/v1/files/${JSON.parse(made).id}`);
  expect(JSON.parse(found.body)).toMatchObject({
    object: 'file',
    filename: expect.not.stringContaining('\0'),
  });
});

test('it all left the gateway as it was', async () => {
  expect(ferry.process.lines.filter(({ status }) => status === 500)).toEqual([]);
  expect((await ask('GET', '/v1/models')).status).toBe(200);
});
