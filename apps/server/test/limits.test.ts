import { expect, test } from 'vitest';
import { eventually, startFerry } from './support/ferry.ts';
import { form, picture, post } from './support/form.ts';
import { EDITS, UPLOADS } from './support/simulator-control.ts';

test('one request more than may run at once is 503, and the next is served when a place is free', async () => {
  await using ferry = await startFerry({ env: { FERRY_SERVER__MAX_REQUESTS: '1' } });
  await ferry.simulator.fault({ match: { path: EDITS }, fault: { kind: 'delay', ms: 1_000 } });
  const body = () => form({ prompt: 'x', image: picture() });
  const first = post(ferry.url, body());
  expect(await eventually(async () => (await ferry.simulator.requests(EDITS)).length === 1)).toBe(true);
  const second = await post(ferry.url, body());
  expect([second.status, second.body.error?.code, second.headers.get('retry-after')]).toEqual([
    503,
    'overloaded',
    '1',
  ]);
  expect((await first).status).toBe(200);
  expect((await post(ferry.url, body())).status).toBe(200);
});

test('no more uploads run at once than are configured, whatever is asked for', async () => {
  await using ferry = await startFerry({ env: { FERRY_UPLOAD__CONCURRENCY: '2', FERRY_POOL__SPARES: '0' } });
  await ferry.simulator.fault({
    match: { path: UPLOADS },
    count: 'forever',
    fault: { kind: 'delay', ms: 300 },
  });
  let most = 0;
  let done = false;
  const watching = eventually(async () => {
    const open = (await ferry.simulator.requests(UPLOADS)).filter(({ outcome }) => outcome === 'open').length;
    most = Math.max(most, open);
    return done;
  }, 25_000);
  const replies = await Promise.all(
    Array.from({ length: 4 }, () =>
      post(ferry.url, form({ prompt: 'x', image: [picture(), picture(), picture()] })),
    ),
  );
  done = true;
  await watching;
  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(most).toBe(2);
});
