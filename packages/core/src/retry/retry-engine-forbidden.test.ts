import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { type CredentialEvent, CredentialPool } from '../credential/credential-pool.ts';
import { clientBench } from '../testing/client-bench.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { answer, type Behaviour, saysNothing } from '../testing/upstream.ts';

const NONE: ReadonlySet<string> = new Set();

const KEYS = ['a', 'b', 'c'].map((alias) => ({ alias, secret: `sk-${alias}` }));

function pool(clock: FakeClock, keys = KEYS) {
  return new CredentialPool(keys, { clock, random: () => 0 });
}

const states = (keys: CredentialPool) => keys.list().map(({ state }) => state);
const inFlight = (keys: CredentialPool) => keys.list().map((key) => key.inFlight);

/** Forbids what comes with one of these keys, and whatever is asked for at `/forbidden`. */
const forbidding =
  (...aliases: string[]): Behaviour =>
  (response, request) => {
    const isForbidden =
      request.path === '/forbidden' ||
      aliases.some((alias) => request.headers.authorization === `Bearer sk-${alias}`);
    answer(isForbidden ? 403 : 200)(response, request);
  };

test('a caller who keeps asking for what nobody may have takes no key from the others', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([forbidding()], { clock });
  const credential = pool(clock);
  const url = new URL('/forbidden', bench.upstream.url);
  for (let again = 0; again < 5; again += 1) {
    const failure = await bench.failure({ url, credential });
    expect(failure).toMatchObject({ code: 'upstream_status', status: 403, outcomeUnknown: false });
    expect(failure.attempts).toHaveLength(2);
    expect(failure.message).toContain('a second credential is refused it too');
  }
  expect(states(credential)).toEqual(['ready', 'ready', 'ready']);
  expect(inFlight(credential)).toEqual([0, 0, 0]);
});

test('a key that is forbidden what another one is allowed is taken out', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([forbidding('a')], { clock });
  const events: CredentialEvent[] = [];
  const credential = new CredentialPool(KEYS, {
    clock,
    random: () => 0,
    onEvent: (event) => events.push(event),
  });
  const got = await bench.request({ credential });
  expect(got.attempts.map((attempt) => attempt.credential)).toEqual(['a', 'b']);
  expect(events).toEqual([{ alias: 'a', type: 'refused', restMs: 5_000, status: 403 }]);
  expect(inFlight(credential)).toEqual([0, 0, 0]);
  expect((await bench.request({ credential })).attempts).toHaveLength(1);
});

test('a probe that is forbidden what another key is allowed doubles the rest', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([forbidding('a')], { clock });
  const credential = pool(clock);
  await bench.request({ credential });
  clock.advance(5_000);
  const got = await bench.request({ credential });
  expect(got.attempts.map((attempt) => attempt.credential)).toEqual(['a', 'c']);
  expect(credential.list()[0]).toMatchObject({ state: 'refused', restMs: 10_000 });
});

test('a probe that is forbidden what no key is allowed leaves the key to the next request', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([forbidding()], { clock });
  const credential = pool(clock);
  credential.only('a').take(NONE)?.release({ status: 401 });
  clock.advance(5_000);
  const url = new URL('/forbidden', bench.upstream.url);
  const failure = await bench.failure({ url, credential });
  expect(failure.attempts.map((attempt) => attempt.credential)).toEqual(['a', 'b']);
  expect((await bench.request({ credential })).attempts.map((attempt) => attempt.credential)).toEqual(['a']);
  expect(states(credential)).toEqual(['ready', 'ready', 'ready']);
});

test('a key that served somebody since is not taken out by a 403 of before', async () => {
  const clock = new FakeClock();
  let allow: (() => void) | undefined;
  const behaviours: Behaviour[] = [
    answer(403),
    (response, request) => {
      allow = () => answer(200)(response, request);
    },
    answer(200),
  ];
  await using bench = await clientBench(behaviours, { clock });
  const credential = pool(clock, KEYS.slice(0, 2));
  const slow = bench.request({ credential });
  await bench.upstream.untilSeen(2);
  await bench.request({ credential: credential.only('a') });
  allow?.();
  expect((await slow).attempts.map((attempt) => attempt.credential)).toEqual(['a', 'b']);
  expect(states(credential)).toEqual(['ready', 'ready']);
});

test('the only key is never taken out by a 403', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([answer(403)], { clock });
  const credential = pool(clock, KEYS.slice(0, 1));
  const failure = await bench.failure({ credential });
  expect(failure).toMatchObject({ code: 'upstream_status', status: 403 });
  expect(failure.attempts).toHaveLength(1);
  expect(credential.list()).toMatchObject([{ state: 'ready', inFlight: 0 }]);
});

test('a 401 takes a key out by itself, and a 403 before it proves nothing', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([answer(403), answer(401), answer(200)], { clock });
  const credential = pool(clock);
  const got = await bench.request({ credential });
  expect(got.attempts.map((attempt) => attempt.credential)).toEqual(['a', 'b', 'c']);
  expect(states(credential)).toEqual(['refused', 'refused', 'ready']);
});

test('a request that ends before a second key has said anything leaves the first one as it was', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([answer(403), saysNothing], { clock });
  const credential = pool(clock);
  const controller = new AbortController();
  const running = bench.failure({ credential, signal: controller.signal });
  await bench.upstream.untilSeen(2);
  controller.abort();
  expect(await running).toMatchObject({ code: 'aborted' });
  expect(states(credential)).toEqual(['ready', 'ready', 'ready']);
  expect(inFlight(credential)).toEqual([0, 0, 0]);
});

test('an answer that is read while it comes takes out the key that was forbidden it', async () => {
  const clock = new FakeClock();
  const stream: Behaviour = (response) =>
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: 1\n\n');
  await using bench = await clientBench([answer(403), stream], { clock });
  const refused = Promise.withResolvers<CredentialEvent>();
  const credential = new CredentialPool(KEYS, { clock, random: () => 0, onEvent: refused.resolve });
  const opened = await bench.client.open({
    method: 'GET',
    url: bench.upstream.url,
    headers: {},
    safety: 'repeatable',
    label: 'look',
    credential,
  });
  expect(await text(opened.body)).toBe('data: 1\n\n');
  expect(await refused.promise).toMatchObject({ alias: 'a', type: 'refused', status: 403 });
  expect(states(credential)).toEqual(['refused', 'ready', 'ready']);
  expect(inFlight(credential)).toEqual([0, 0, 0]);
});
