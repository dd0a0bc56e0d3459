import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { TestPostgres } from '../src/database/testing/postgres.ts';
import { eventually, FerryProcess, startFerry } from './support/ferry.ts';
import { form, IMG2IMG, picture, post, type Reply } from './support/form.ts';
import { EDITS } from './support/simulator-control.ts';
import { Upstream } from './support/upstream.ts';

let postgres: TestPostgres;
let upstream: Upstream;
let database: URL;
let here: Gateway;
let there: Gateway;

interface Gateway extends AsyncDisposable {
  readonly process: FerryProcess;
  readonly url: string;
}

/** A gateway on the database and the upstream that all share, its database reached. */
async function gateway(): Promise<Gateway> {
  const process = await FerryProcess.spawn({
    database,
    env: {
      FERRY_PROVIDER__0__NAME: 'xai',
      FERRY_PROVIDER__0__BASE_URL: upstream.url,
      FERRY_PROVIDER__0__CA_FILE: upstream.caFile,
      FERRY_PROVIDER__0__MODELS: 'grok-imagine-image',
      FERRY_PROVIDER__0__KEYS: '["env:KEY"]',
      KEY: 'test-key',
    },
  });
  const ready = await process.line(({ msg }) => msg.startsWith('Ferry is ready: '));
  await process.line(({ msg }) => msg === 'PostgreSQL is there');
  return {
    process,
    url: new URL(ready.msg.slice('Ferry is ready: '.length)).origin,
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}

beforeAll(async () => {
  [postgres, upstream] = await Promise.all([TestPostgres.start(), Upstream.start()]);
  database = new URL(await postgres.database());
  [here, there] = await Promise.all([gateway(), gateway()]);
});
afterAll(async () => {
  for (const part of [here, there, upstream, postgres]) await part?.[Symbol.asyncDispose]();
});
beforeEach(() => upstream.control.reset());

const edit = (prompt = 'x') => form({ prompt, image: picture() });
const keyed = (key: string) => ({ headers: { 'idempotency-key': key } });
const counted = (retry: number) => ({ headers: { 'x-stainless-retry-count': String(retry) } });
const edits = () => upstream.control.requests(EDITS);
const billed = async () => (await edits()).filter(({ work }) => (work?.images ?? 0) > 0).length;
const oneEditRuns = async () => expect(await eventually(async () => (await edits()).length === 1)).toBe(true);
const isReplay = ({ headers }: Reply) => headers.get('idempotent-replayed');
const SLOW_EDIT = { match: { path: EDITS }, fault: { kind: 'delay', ms: 1_000 } };
/** Does the work, and lets nobody hear of it. */
const LOST_ANSWER = {
  match: { path: EDITS },
  fault: { kind: 'rst', code: 'INTERNAL_ERROR', when: 'after-body' },
};

test('a repeat with the same key gets the same answer, from another instance too, and is billed once', async () => {
  const key = randomUUID();
  const first = await post(here.url, edit(), keyed(key));
  const [second, third] = [
    await post(here.url, edit(), keyed(key)),
    await post(there.url, edit(), keyed(key)),
  ];
  expect([first.status, isReplay(first)]).toEqual([200, null]);
  for (const repeat of [second, third]) {
    expect([repeat.status, isReplay(repeat)]).toEqual([200, 'true']);
    expect(repeat.body).toEqual(first.body);
  }
  expect(await billed()).toBe(1);
});

test('two at the same moment on two instances become one edit, and both are answered', async () => {
  await upstream.control.fault(SLOW_EDIT);
  const key = randomUUID();
  const replies = await Promise.all([here, there].map(({ url }) => post(url, edit(), keyed(key))));
  expect(replies.map(({ status }) => status)).toEqual([200, 200]);
  expect(replies.map(isReplay).sort()).toEqual([null, 'true'].sort());
  expect(replies[0]?.body).toEqual(replies[1]?.body);
  expect(await billed()).toBe(1);
});

test('a key that comes again with another prompt, or another image, is refused', async () => {
  const key = randomUUID();
  await post(here.url, edit('one'), keyed(key));
  const reply = await post(there.url, edit('two'), keyed(key));
  expect([reply.status, reply.body.error?.code]).toEqual([422, 'idempotency_key_reused']);
  expect(await billed()).toBe(1);
});

test('a key that is none is refused before the form is read', async () => {
  const reply = await post(here.url, edit(), keyed('x'.repeat(256)));
  expect([reply.status, reply.body.error?.code]).toEqual([400, 'invalid_idempotency_key']);
});

test('what failed before anything was billed runs again with the same key', async () => {
  const key = randomUUID();
  const bad = await post(here.url, form({ prompt: 'x', image: new File(['no image'], 'x.png') }), keyed(key));
  expect(bad.status).toBe(400);
  const reply = await post(here.url, edit(), keyed(key));
  expect([reply.status, isReplay(reply)]).toEqual([200, null]);
});

test('what the upstream refused is told again, and not asked again', async () => {
  await upstream.control.fault({
    match: { path: EDITS },
    fault: { kind: 'status', status: 400, when: 'after-body' },
  });
  const key = randomUUID();
  const [first, repeat] = [
    await post(here.url, edit(), keyed(key)),
    await post(there.url, edit(), keyed(key)),
  ];
  expect([first.status, first.body.error?.code, isReplay(first)]).toEqual([400, 'upstream_rejected', null]);
  expect([repeat.status, isReplay(repeat)]).toEqual([400, 'true']);
  expect(repeat.body.error).toEqual(first.body.error);
  expect(await edits()).toHaveLength(1);
});

test('an edit whose answer was lost is not sent again: the repeat is told that nobody knows', async () => {
  await upstream.control.fault(LOST_ANSWER);
  const key = randomUUID();
  const first = await post(here.url, edit(), keyed(key));
  expect(first.body.error?.code).toBe('upstream_unknown_outcome');
  const repeat = await post(there.url, edit(), keyed(key));
  expect([repeat.status, repeat.body.error?.code]).toEqual([502, 'upstream_unknown_outcome']);
  expect([isReplay(repeat), repeat.headers.get('x-should-retry')]).toEqual(['true', 'false']);
  expect(await edits()).toHaveLength(1);
});

test('a client that gave up waiting and repeats itself gets the first one’s result', async () => {
  await upstream.control.fault(SLOW_EDIT);
  const impatient = new AbortController();
  const first = post(here.url, edit('impatient'), { ...counted(0), signal: impatient.signal });
  await oneEditRuns();
  impatient.abort();
  await expect(first).rejects.toThrow();
  // Joins the one in flight, on another instance; and once more when it is done, on the first.
  const second = await post(there.url, edit('impatient'), counted(1));
  const third = await post(here.url, edit('impatient'), counted(2));
  for (const repeat of [second, third]) expect([repeat.status, isReplay(repeat)]).toEqual([200, 'true']);
  expect(await billed()).toBe(1);
});

test('two first requests with the same content are two edits', async () => {
  await Promise.all([post(here.url, edit(), counted(0)), post(here.url, edit(), counted(0))]);
  expect(await billed()).toBe(2);
});

test('a client that leaves before its edit was sent stops everything, and its repeat runs', async () => {
  await upstream.control.fault({ match: { path: '/v1/files' }, fault: { kind: 'silence', readBody: true } });
  const impatient = new AbortController();
  const first = post(here.url, edit('early'), { ...counted(0), signal: impatient.signal });
  expect(await eventually(async () => (await upstream.control.requests('/v1/files')).length === 1)).toBe(
    true,
  );
  impatient.abort();
  await expect(first).rejects.toThrow();
  await upstream.control.reset();
  const repeat = await post(here.url, edit('early'), counted(1));
  expect([repeat.status, isReplay(repeat)]).toEqual([200, null]);
  expect(await billed()).toBe(1);
});

test('with events a replay says so before its result', async () => {
  const key = randomUUID();
  const first = await post(here.url, edit(), keyed(key));
  const response = await fetch(`${there.url}${IMG2IMG}`, {
    method: 'POST',
    body: edit(),
    headers: { accept: 'text/event-stream', 'idempotency-key': key },
  });
  const events = [...(await response.text()).matchAll(/^event: (\S+)\ndata: (.*)$/gm)].map(
    ([, event, data = '']) => [event, JSON.parse(data)] as const,
  );
  expect(events.map(([event]) => event).filter((event) => event !== 'image')).toEqual([
    'accepted',
    'replayed',
    'result',
  ]);
  expect(events.at(-1)?.[1]).toEqual(first.body);
  expect(await billed()).toBe(1);
});

test('an instance killed after its edit was sent leaves an unknown outcome, never a second edit', async () => {
  await using doomed = await gateway();
  await upstream.control.fault({ match: { path: EDITS }, fault: { kind: 'silence', readBody: true } });
  const key = randomUUID();
  const first = post(doomed.url, edit(), keyed(key));
  const lost = expect(first).rejects.toThrow();
  await oneEditRuns();
  doomed.process.kill('SIGKILL');
  await lost;
  const repeat = post(here.url, edit(), keyed(key));
  // Its lease would end in half a minute.
  await expireLeases();
  expect((await repeat).body.error?.code).toBe('upstream_unknown_outcome');
  expect(await edits()).toHaveLength(1);
});

test('an instance killed before its edit was sent is replaced by whoever asks again', async () => {
  await using doomed = await gateway();
  await upstream.control.fault({ match: { path: '/v1/files' }, fault: { kind: 'silence', readBody: true } });
  const key = randomUUID();
  const lost = expect(post(doomed.url, edit(), keyed(key))).rejects.toThrow();
  expect(await eventually(async () => (await upstream.control.requests('/v1/files')).length === 1)).toBe(
    true,
  );
  doomed.process.kill('SIGKILL');
  await lost;
  await upstream.control.reset();
  const repeat = post(here.url, edit(), keyed(key));
  await expireLeases();
  expect([(await repeat).status, isReplay(await repeat)]).toEqual([200, null]);
  expect(await billed()).toBe(1);
});

/** As if half a minute had passed without a sign of life. */
async function expireLeases(): Promise<void> {
  await postgres.query("update idempotent_requests set lease_until = now() - interval '1 second'", database);
}

test('without a database a key is refused honestly, and a client that repeats itself is still known', async () => {
  await using alone = await startFerry();
  const reply = await post(alone.url, edit(), keyed(randomUUID()));
  expect([reply.status, reply.body.error?.code]).toEqual([503, 'database_unavailable']);
  expect(reply.headers.get('retry-after')).not.toBeNull();
  const first = await post(alone.url, edit(), counted(0));
  const repeat = await post(alone.url, edit(), counted(1));
  expect([repeat.status, isReplay(repeat)]).toEqual([200, 'true']);
  expect(repeat.body).toEqual(first.body);
  expect(await alone.simulator.requests(EDITS)).toHaveLength(1);
});

test('a stop waits for an edit whose client has left, and its result is kept', async () => {
  await using stopping = await gateway();
  await upstream.control.fault(SLOW_EDIT);
  const impatient = new AbortController();
  const first = post(stopping.url, edit('stop'), { ...counted(0), signal: impatient.signal });
  await oneEditRuns();
  impatient.abort();
  await expect(first).rejects.toThrow();
  stopping.process.kill('SIGTERM');
  expect((await stopping.process.exit()).code).toBe(0);
  const repeat = await post(here.url, edit('stop'), counted(1));
  expect([repeat.status, isReplay(repeat)]).toEqual([200, 'true']);
  expect(await billed()).toBe(1);
});
