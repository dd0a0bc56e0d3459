import { expect, it } from 'vitest';
import { ResponseBody } from './response-body.ts';

function body() {
  const calls: string[] = [];
  const subject = new ResponseBody({
    pause: () => calls.push('pause'),
    resume: () => calls.push('resume'),
    cancel: () => calls.push('cancel'),
  });
  return { subject, calls };
}

it('a consumer who does not read makes the peer pause, and go on when it reads', async () => {
  const { subject, calls } = body();
  for (let i = 0; i < 5; i += 1) subject.push(new Uint8Array(64 * 1024));
  expect(calls).toEqual(['pause']);
  expect(subject.paused).toBe(true);
  subject.end({ type: 'whole' });
  let bytes = 0;
  for await (const chunk of subject) bytes += chunk.byteLength;
  expect(bytes).toBe(5 * 64 * 1024);
  expect(calls).toEqual(['pause', 'resume']);
});

it('what has arrived is delivered before the failure', async () => {
  const { subject } = body();
  subject.push(new Uint8Array(3));
  subject.end({ type: 'failed', error: new Error('cut off') });
  const iterator = subject[Symbol.asyncIterator]();
  expect((await iterator.next()).value).toHaveLength(3);
  await expect(iterator.next()).rejects.toThrow('cut off');
});

it('it can be read only once', async () => {
  const { subject } = body();
  subject.end({ type: 'whole' });
  for await (const _ of subject) expect.unreachable();
  await expect(subject[Symbol.asyncIterator]().next()).rejects.toThrow('only once');
});

it('leaving early cancels, leaving after the end does not', async () => {
  const early = body();
  early.subject.push(new Uint8Array(1));
  for await (const _ of early.subject) break;
  expect(early.calls).toEqual(['cancel']);
  const late = body();
  late.subject.push(new Uint8Array(1));
  late.subject.end({ type: 'whole' });
  for await (const _ of late.subject) break;
  expect(late.calls).toEqual([]);
});

it('asked several times at once, it answers in order and ends for all', async () => {
  const { subject } = body();
  const iterator = subject[Symbol.asyncIterator]();
  const steps = [iterator.next(), iterator.next(), iterator.next(), iterator.next()];
  subject.push(new Uint8Array(1));
  subject.push(new Uint8Array(2));
  subject.end({ type: 'whole' });
  const sizes = (await Promise.all(steps)).map(({ done, value }) =>
    done === true ? 'end' : value.byteLength,
  );
  expect(sizes).toEqual([1, 2, 'end', 'end']);
});

it('left while it waits, it cancels and ends', async () => {
  const { subject, calls } = body();
  const iterator = subject[Symbol.asyncIterator]();
  const step = iterator.next();
  await iterator.return?.();
  expect(await step).toEqual({ done: true, value: undefined });
  expect(calls).toEqual(['cancel']);
});
