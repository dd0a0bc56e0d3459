import type { ReusePolicy } from '@ferry/core';
import { expect } from 'vitest';
import { type ChangingPeer, change, expectAgreement } from './changing-peer.ts';
import { carried, expectReturn, failedOverH2, watchFallback } from './fallback-watch.ts';
import { RealServer } from './real-server.ts';
import { openActs } from './story.ts';

const UPLOADS = 48;
/** More than the ten exchanges from which a rate is believed: they are over before the first of them is sent again. */
const AT_ONCE = 24;

/**
 * HTTP/2 begins to fail for most uploads, then for all, and is repaired: each upload arrives. The peer changes by how many of
 * ten uploads it breaks off over HTTP/2, by the last digit of their number; it breaks off none over HTTP/1.1.
 */
export async function breakAndRepair(
  peer: ChangingPeer<number>,
  what: string,
  policy: ReusePolicy,
): Promise<void> {
  const watch = watchFallback();
  const { memory, changes, endHold, letRateExpire } = watch;
  await using server = await RealServer.start(peer.kind(0));
  await using story = openActs({
    name: `${peer.name}, HTTP/2 breaks and is repaired, auto, ${what}`,
    server,
    road: { protocol: 'auto', policy, memory },
  });
  const steady = () => story.act({ uploads: UPLOADS, atOnce: AT_ONCE });

  expect(carried(await steady())).toEqual({ h2: UPLOADS, 'http/1.1': 0 });
  expect(changes).toEqual([]);

  letRateExpire();
  await change(peer, server, 7);
  const breaking = await steady();
  expect(failedOverH2(breaking).length).toBeGreaterThanOrEqual(5);
  expect(carried(breaking)['http/1.1']).toBeGreaterThan(UPLOADS - AT_ONCE);
  expect(changes).toEqual(['http1, failure-rate, 300 s']);

  await change(peer, server, 10);
  endHold();
  const stillBroken = await steady();
  expect(carried(stillBroken)).toEqual({ h2: 0, 'http/1.1': UPLOADS });
  expect(failedOverH2(stillBroken)).toHaveLength(1);
  expect(changes.slice(1)).toEqual(['probing', 'http1, failure-rate, 600 s']);

  const disturbance = { every: UPLOADS, by: () => change(peer, server, 0) };
  const repaired = await story.act({ uploads: 2 * UPLOADS, atOnce: AT_ONCE, disturbance });
  expect(carried(repaired)).toEqual({ h2: 0, 'http/1.1': 2 * UPLOADS });

  expect(changes).toHaveLength(3);
  await expectReturn(watch, steady);

  await expectAgreement(peer, server, await story.end());
}
