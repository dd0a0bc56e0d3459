import { setTimeout as pause } from 'node:timers/promises';
import { FRESH, fromBytes, POOLED, ResilientClient, type ReusePolicy } from '@ferry/core';
import { createUndiciTransport } from '@ferry/transport-undici';
import { tcpProxy } from '@ferry/upstream-sim/peers';
import { trust } from '../transports/clients/trust.ts';
import type { Target } from '../transports/job.ts';

export interface RecoveryJob {
  readonly kind: 'eviction' | 'retry';
  readonly target: Target;
  readonly uploads: number;
}

/** Medians over the job's uploads would hide a slow one: all of them are given. Milliseconds. */
export interface Recovery {
  /** On a connection of its own, nothing being wrong. */
  readonly cleanMs: readonly number[];
  /** With the trouble, waits between attempts taken off. */
  readonly troubledMs: readonly number[];
  /** How long they waited between attempts. */
  readonly waitedMs: readonly number[];
  readonly attempts: readonly number[];
}

const BODY = Buffer.alloc(100_000, 0x61);
/** A pooled connection of Ferry that has rested for longer is proven before it is used. */
const REST_MS = POOLED.proveAfterIdleMs + 100;

interface Sent {
  readonly ms: number;
  readonly waitedMs: number;
  readonly attempts: number;
}

function uploader(target: Target, policy: ReusePolicy) {
  const transport = createUndiciTransport({ policy });
  const client = new ResilientClient({ transports: { isolated: transport, shared: transport } });
  const url = new URL(target.url);
  return async (): Promise<Sent> => {
    const since = performance.now();
    const { attempts } = await client.request({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/octet-stream' },
      body: fromBytes(BODY),
      safety: 'repeatable',
      label: 'upload',
    });
    const ms = performance.now() - since;
    return {
      ms,
      waitedMs: attempts.reduce((sum, { delayMs }) => sum + delayMs, 0),
      attempts: attempts.length,
    };
  };
}

/** The pooled connection is forgotten on the way while it rests; the next upload must prove it and go elsewhere. */
export async function measureEviction({ target, uploads }: RecoveryJob): Promise<Recovery> {
  trust(target, 'default');
  const proxy = await tcpProxy({ to: new URL(target.url) });
  const near = { ...target, url: new URL(new URL(target.url).pathname, proxy.url).href };
  const [fresh, pooled] = [uploader(near, FRESH), uploader(near, POOLED)];
  const clean: Sent[] = [];
  const troubled: Sent[] = [];
  for (let i = 0; i < 5; i += 1) await fresh();
  await pooled();
  for (let i = 0; i < uploads; i += 1) {
    await pause(REST_MS);
    clean.push(await fresh());
    proxy.blackhole();
    troubled.push(await pooled());
  }
  return recoveryOf(clean, troubled);
}

/** The server resets every few requests in the middle of their body; those uploads need a second attempt. */
export async function measureRetry({ target, uploads }: RecoveryJob): Promise<Recovery> {
  trust(target, 'default');
  const send = uploader(target, FRESH);
  const sent: Sent[] = [];
  // Which of the requests meets the reset follows from how many there were: clean and troubled ones take turns.
  while (sent.length < 4 * uploads + 10) sent.push(await send());
  const counted = sent.slice(10);
  return recoveryOf(
    counted.filter(({ attempts }) => attempts === 1),
    counted.filter(({ attempts }) => attempts > 1),
  );
}

function recoveryOf(clean: readonly Sent[], troubled: readonly Sent[]): Recovery {
  return {
    cleanMs: clean.map(({ ms }) => ms),
    troubledMs: troubled.map(({ ms, waitedMs }) => ms - waitedMs),
    waitedMs: troubled.map(({ waitedMs }) => waitedMs),
    attempts: troubled.map(({ attempts }) => attempts),
  };
}
