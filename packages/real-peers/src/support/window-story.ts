import type { Exchange, ReusePolicy } from '@ferry/core';
import { tcpProxy } from '@ferry/upstream-sim/peers';
import { expect } from 'vitest';
import { type ChangingPeer, change, expectAgreement } from './changing-peer.ts';
import { carried, watchFallback } from './fallback-watch.ts';
import { RealServer } from './real-server.ts';
import { openActs } from './story.ts';
import { LARGE_EVERY, type Traffic } from './traffic.ts';

/** A round trip of 100 ms: 64 KiB for each are 0.6 MB/s. */
export const FAR = { toUpstream: { delayMs: 50 }, toClient: { delayMs: 50 } } as const;

const SMALL_WINDOW = 65_535;
const LARGE_WINDOW = 1024 * 1024;

/**
 * A window that is too small for the distance, and is then enlarged: uploads take the protocol that is faster. The peer changes
 * by the window of a stream, in bytes.
 */
export async function holdUpAndEnlarge(
  peer: ChangingPeer<number>,
  what: string,
  policy: ReusePolicy,
): Promise<void> {
  const { memory, changes, endHold } = watchFallback();
  await using server = await RealServer.start(peer.kind(SMALL_WINDOW));
  await using road = closing(await tcpProxy({ to: server.url, ...FAR }));
  await using story = openActs({
    name: `${peer.name}, a small window and a large one, auto, ${what}`,
    server: { url: road.url, caPem: server.caPem },
    road: { protocol: 'auto', policy, memory },
  });
  /** One at a time where the round trip decides: on a busy machine those beside it would lengthen it. */
  const one = () => story.act({ uploads: 1 });
  const round = () => story.act({ uploads: LARGE_EVERY });

  // The first upload and every 25th after it are large.
  const heldUp = largest(await one());
  expect(heldUp).toMatchObject({ protocol: 'h2', flowControl: { windowBytes: SMALL_WINDOW } });
  expect(changes).toEqual(['http1, slow-window, 300 s']);

  const untilNextButOne = 2 * LARGE_EVERY - 2;
  const aside = await story.act({ uploads: untilNextButOne });
  expect(carried(aside)).toEqual({ h2: 0, 'http/1.1': untilNextButOne });
  expect(largest(aside).phaseMs.request).toBeLessThan(heldUp.phaseMs.request ?? 0);

  endHold();
  // Too small to tell: it leaves the question to the next one, which is large.
  expect(carried(await one()).h2).toBe(1);
  expect(changes.slice(1)).toEqual(['probing']);
  expect(carried(await one()).h2).toBe(1);
  expect(changes.slice(2)).toEqual(['http1, slow-window, 600 s']);

  const enlarge = () => change(peer, server, LARGE_WINDOW);
  const rest = 2 * LARGE_EVERY - 1;
  const enlarged = await story.act({ uploads: rest, disturbance: { every: LARGE_EVERY, by: enlarge } });
  expect(carried(enlarged)).toEqual({ h2: 0, 'http/1.1': rest });

  endHold();
  expect(carried(await round()).h2).toBeGreaterThan(0);
  expect(changes.slice(3)).toEqual(['probing', 'h2']);
  const after = await round();
  expect(carried(after)).toEqual({ h2: LARGE_EVERY, 'http/1.1': 0 });
  expect(largest(after)).toMatchObject({ flowControl: { windowBytes: LARGE_WINDOW } });

  await expectAgreement(peer, server, await story.end());
}

/** The exchange that carried the largest of the uploads. */
export function largest({ outcomes }: Pick<Traffic, 'outcomes'>): Exchange {
  const [first, ...others] = outcomes.flatMap(({ attempts }) => attempts.map(({ exchange }) => exchange));
  if (first === undefined) throw new Error('nothing was uploaded');
  return others.reduce((most, one) => (one.bytesSent > most.bytesSent ? one : most), first);
}

/** Closed at the end of its block. */
export function closing<T extends { close(): Promise<void> }>(one: T): T & AsyncDisposable {
  return { ...one, [Symbol.asyncDispose]: () => one.close() };
}
