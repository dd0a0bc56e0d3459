import { expect, test } from 'vitest';
import { eventually, startFerry } from './support/ferry.ts';
import { form, picture, post } from './support/form.ts';
import { UPLOADS } from './support/simulator-control.ts';

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
