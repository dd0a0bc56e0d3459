import type { ReusePolicy } from '@ferry/core';
import { expect } from 'vitest';
import { type ChangingPeer, change, expectAgreement } from './changing-peer.ts';
import { carried, expectReturn, failedOverH2, watchFallback } from './fallback-watch.ts';
import { RealServer } from './real-server.ts';
import { openActs } from './story.ts';

/** Uploads of an act. One with a reload in its middle has twice as many. */
const UPLOADS = 48;
const AT_ONCE = 12;

/**
 * HTTP/1.1 only, then HTTP/2 as well, then HTTP/1.1 only again: each upload arrives, over the protocol that there is. The peer
 * changes by whether it offers HTTP/2.
 */
export async function offerAndTakeBack(
  peer: ChangingPeer<boolean>,
  what: string,
  policy: ReusePolicy,
): Promise<void> {
  const watch = watchFallback();
  const { memory, changes, endHold } = watch;
  await using server = await RealServer.start(peer.kind(false));
  await using story = openActs({
    name: `${peer.name}, HTTP/2 offered and taken back, auto, ${what}`,
    server,
    road: { protocol: 'auto', policy, memory },
  });
  const steady = () => story.act({ uploads: UPLOADS, atOnce: AT_ONCE });
  const changeInTheMiddle = (http2: boolean) => {
    const disturbance = { every: UPLOADS, by: () => change(peer, server, http2) };
    return story.act({ uploads: 2 * UPLOADS, atOnce: AT_ONCE, disturbance });
  };

  const first = await steady();
  expect(carried(first)).toEqual({ h2: 0, 'http/1.1': UPLOADS });
  // Those that were under way before the first of them came back with the news.
  expect(failedOverH2(first).length).toBeLessThanOrEqual(AT_ONCE);
  for (const { delivery } of failedOverH2(first)) expect(delivery).toBe('not-sent');
  expect(changes).toEqual(['http1, http1-required, 300 s']);

  endHold();
  const tooSoon = await steady();
  expect(carried(tooSoon)).toEqual({ h2: 0, 'http/1.1': UPLOADS });
  expect(failedOverH2(tooSoon)).toHaveLength(1);
  expect(changes.slice(1)).toEqual(['probing', 'http1, http1-required, 600 s']);

  // HTTP/2 is there, and is not tried before its time.
  expect(carried(await changeInTheMiddle(true))).toEqual({ h2: 0, 'http/1.1': 2 * UPLOADS });
  expect(changes).toHaveLength(3);

  await expectReturn(watch, steady);

  expect(carried(await changeInTheMiddle(false)).h2).toBeGreaterThan(UPLOADS - AT_ONCE);
  expect(carried(await steady())).toEqual({ h2: 0, 'http/1.1': UPLOADS });
  expect(changes.slice(5)).toEqual(['http1, http1-required, 300 s']);

  await expectAgreement(peer, server, await story.end());
}
