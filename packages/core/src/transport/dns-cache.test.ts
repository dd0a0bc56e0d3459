import type { LookupAddress, LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { type CachedLookup, createCachedLookup, type DnsCacheOptions } from './dns-cache.ts';

const V4 = { address: '192.0.2.1', family: 4 };
const V6 = { address: '2001:db8::1', family: 6 };

interface Question {
  readonly hostname: string;
  readonly options: LookupOptions;
  answer(addresses: LookupAddress[] | string): void;
  fail(code: string): void;
}

/** A resolver that answers when it is told to. */
function resolver(options: Partial<DnsCacheOptions> = {}) {
  const questions: Question[] = [];
  const lookup: LookupFunction = (hostname, about, callback) => {
    questions.push({
      hostname,
      options: about,
      answer: (addresses) => callback(null, addresses),
      fail: (code) => callback(Object.assign(new Error(code), { code }), ''),
    });
  };
  const clock = new FakeClock();
  return { questions, clock, cached: createCachedLookup({ lookup, clock, ...options }) };
}

function ask(cached: CachedLookup, hostname: string, options: LookupOptions = { all: true }) {
  return new Promise<unknown>((resolve, reject) => {
    cached(hostname, options, (error, address, family) => {
      if (error !== null) reject(error);
      else resolve(options.all === true ? address : { address, family });
    });
  });
}

/** Asks, and has the resolver answer its newest question. */
async function learn({ questions, cached }: ReturnType<typeof resolver>, hostname: string): Promise<void> {
  const asked = ask(cached, hostname);
  questions.at(-1)?.answer([V4, V6]);
  await asked;
}

it('a name is asked once, and its addresses keep their order', async () => {
  const subject = resolver();
  await learn(subject, 'upstream.test');
  expect(await ask(subject.cached, 'upstream.test')).toEqual([V4, V6]);
  expect(await ask(subject.cached, 'upstream.test')).toEqual([V4, V6]);
  expect(subject.questions).toHaveLength(1);
});

it('whoever wants one address gets the first, from the same answer', async () => {
  const subject = resolver();
  await learn(subject, 'upstream.test');
  expect(await ask(subject.cached, 'upstream.test', {})).toEqual(V4);
  expect(subject.questions.map((q) => q.options)).toEqual([{ all: true }]);
});

it('a question for one family is another question', async () => {
  const subject = resolver();
  await learn(subject, 'upstream.test');
  const asked = ask(subject.cached, 'upstream.test', { family: 6 });
  subject.questions[1]?.answer([V6]);
  expect(await asked).toEqual(V6);
  expect(subject.questions[1]?.options).toEqual({ family: 6, all: true });
});

it('those who ask at the same time share one question', async () => {
  const { questions, cached } = resolver();
  const asked = [ask(cached, 'upstream.test'), ask(cached, 'upstream.test'), ask(cached, 'other.test')];
  expect(questions.map((q) => q.hostname)).toEqual(['upstream.test', 'other.test']);
  questions[0]?.answer([V4]);
  questions[1]?.answer([V6]);
  expect(await Promise.all(asked)).toEqual([[V4], [V4], [V6]]);
});

it('an answer is used for ttlMs and not longer', async () => {
  const subject = resolver({ ttlMs: 1_000 });
  await learn(subject, 'upstream.test');
  subject.clock.advance(999);
  await ask(subject.cached, 'upstream.test');
  expect(subject.questions).toHaveLength(1);
  subject.clock.advance(1);
  await learn(subject, 'upstream.test');
  expect(subject.questions).toHaveLength(2);
});

it('a machine that wakes up asks again', async () => {
  const subject = resolver();
  await learn(subject, 'upstream.test');
  subject.clock.suspend(3_600_000);
  await learn(subject, 'upstream.test');
  expect(subject.questions).toHaveLength(2);
});

it('a failure is told to all who wait, and is not kept', async () => {
  const { questions, cached } = resolver();
  const asked = [ask(cached, 'upstream.test'), ask(cached, 'upstream.test')];
  questions[0]?.fail('EAI_AGAIN');
  for (const one of asked) await expect(one).rejects.toMatchObject({ code: 'EAI_AGAIN' });
  const again = ask(cached, 'upstream.test');
  questions[1]?.answer([V4]);
  expect(await again).toEqual([V4]);
});

it('an answer without an address is a name that was not found, and is not kept', async () => {
  const { questions, cached } = resolver();
  const asked = ask(cached, 'upstream.test');
  questions[0]?.answer([]);
  await expect(asked).rejects.toMatchObject({ code: 'ENOTFOUND', syscall: 'getaddrinfo' });
  void ask(cached, 'upstream.test');
  expect(questions).toHaveLength(2);
});

it('a name whose addresses did not work is asked again, and only that one', async () => {
  const subject = resolver();
  await learn(subject, 'upstream.test');
  await learn(subject, 'other.test');
  subject.cached.forget('upstream.test');
  await ask(subject.cached, 'other.test');
  expect(subject.questions).toHaveLength(2);
  await learn(subject, 'upstream.test');
  expect(subject.questions).toHaveLength(3);
});

it('no more than maxEntries names are kept, and the oldest goes first', async () => {
  const subject = resolver({ maxEntries: 2 });
  for (const name of ['a.test', 'b.test', 'c.test']) await learn(subject, name);
  await ask(subject.cached, 'b.test');
  await ask(subject.cached, 'c.test');
  expect(subject.questions).toHaveLength(3);
  await learn(subject, 'a.test');
  expect(subject.questions).toHaveLength(4);
});

it('a resolver that gives one address whatever it is asked is understood', async () => {
  const { questions, cached } = resolver();
  const asked = ask(cached, 'upstream.test');
  questions[0]?.answer('2001:db8::7');
  expect(await asked).toEqual([{ address: '2001:db8::7', family: 6 }]);
});

it('without a resolver of its own it asks the system', async () => {
  const cached = createCachedLookup();
  expect(await ask(cached, 'localhost', { family: 4 })).toEqual({ address: '127.0.0.1', family: 4 });
});
