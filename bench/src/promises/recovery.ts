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

/** For evictions: the proof counts, not the body. */
const SMALL = Buffer.alloc(100_000, 0x61);
/** For retries: what is sent twice should weigh something beside the handshakes. */
const LARGE = Buffer.alloc(1_000_000, 0x61);
/** The longest wait before a second attempt, which is taken off anyway; by default it is 500 ms. */
export const RETRY_WAIT_MS = 100;
/** A process that has rested is slower than a busy one, the more so the longer: clean uploads rest as long as second attempts on average. */
const RETRY_REST_MS = RETRY_WAIT_MS / 2;
const WARM_UPS = 6;
/** A pooled connection of Ferry that has rested for longer is proven before it is used. */
const REST_MS = POOLED.proveAfterIdleMs + 100;

interface Sent {
  readonly ms: number;
  readonly waitedMs: number;
  readonly attempts: number;
}

function uploader(target: Target, policy: ReusePolicy, body: Buffer) {
  const transport = createUndiciTransport({ policy });
  const client = new ResilientClient({
    transports: { isolated: transport, shared: transport },
    policy: { backoffBaseMs: RETRY_WAIT_MS },
  });
  const url = new URL(target.url);
  return async (): Promise<Sent> => {
    const since = performance.now();
    const { attempts } = await client.request({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/octet-stream' },
      body: fromBytes(body),
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
  const [fresh, pooled] = [uploader(near, FRESH, SMALL), uploader(near, POOLED, SMALL)];
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
  const send = uploader(target, FRESH, LARGE);
  const sent: Sent[] = [];
  // Every third request is reset, so every second upload: it takes two requests.
  while (sent.length < 2 * uploads + WARM_UPS) {
    await pause(RETRY_REST_MS);
    sent.push(await send());
  }
  const counted = sent.slice(WARM_UPS);
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
