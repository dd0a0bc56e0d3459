import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { eventually } from './support/ferry.ts';
import { picture } from './support/form.ts';
import { startOpenAiGateway } from './support/openai.ts';
import { EDITS } from './support/simulator-control.ts';

test('an API key’s burst keeps another key waiting for one request, not for all of them', async () => {
  await using gateway = await startOpenAiGateway({ toml: '[server]\nmax_requests = 1\nmax_queue = 6\n' });
  const running = async () => (await gateway.simulator.requests(EDITS)).length;
  await gateway.simulator.fault({
    match: { path: EDITS },
    count: 'forever',
    fault: { kind: 'delay', ms: 300 },
  });
  const finished: string[] = [];
  const edit = (caller: 'shop' | 'blog') =>
    gateway
      .client(caller)
      .images.edit({ prompt: 'x', image: picture() })
      .then(
        () => finished.push(caller),
        (error: unknown) => {
          expect(error).toBeInstanceOf(OpenAI.InternalServerError);
          expect(error).toMatchObject({ status: 503, code: 'overloaded' });
          finished.push(`${caller} turned away`);
        },
      );
  const burst = [edit('shop')];
  expect(await eventually(async () => (await running()) === 1)).toBe(true);
  for (let i = 0; i < 7; i++) burst.push(edit('shop'));
  // Six wait; the seventh is one too many.
  expect(await eventually(() => finished.includes('shop turned away'))).toBe(true);
  const already = finished.filter((one) => one === 'shop').length;
  await edit('blog');
  expect(finished).toContain('blog');
  const served = finished.slice(0, finished.indexOf('blog')).filter((one) => one === 'shop').length;
  expect(served - already).toBeLessThanOrEqual(2);
  await Promise.all(burst);
  // Its newest made room for the other's first.
  expect(finished.filter((one) => one === 'shop turned away')).toHaveLength(2);
  expect(finished.filter((one) => one === 'shop')).toHaveLength(6);
});
