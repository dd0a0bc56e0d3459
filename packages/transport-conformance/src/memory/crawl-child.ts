/**
 * Run by `crawl.ts` as a process of its own, so that nothing but the transport is measured: one upload on a road that takes
 * one byte a segment, and what this process holds while it crawls.
 *
 * Arguments: the URL of a module that exports `make`, the profile, the URL to upload to, the authority to trust (PEM). One
 * line of JSON on stdout for each sample, and one for the end.
 */
import { setTimeout } from 'node:timers/promises';
import { fromBytes, fromFactory, systemClock } from '@ferry/core';
import type { ProfileName } from '../expectation.ts';
import { describe, outcomeOf } from '../stage/outcome.ts';
import { POLICIES } from '../stage/profiles.ts';
import type { MakeTransport } from '../subject.ts';
import { CRAWL_BYTES, type CrawlLine } from './crawl-line.ts';
import { heldBytes } from './measure.ts';

/** Between two samples, in milliseconds. */
const REST_MS = 100;
/** Nothing here is about limits: a crawl must not meet one. Milliseconds. */
const LIMITS = { connectMs: 30_000, headersMs: 30_000, idleMs: 30_000, totalMs: 50_000 };
const SLICE = 256 * 1024;

function say(line: CrawlLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Bytes that are made as they are asked for: whoever asks for more than the road takes has to keep it. */
function* slices(): Generator<Uint8Array> {
  for (let at = 0; at < CRAWL_BYTES; at += SLICE) yield Buffer.alloc(Math.min(SLICE, CRAWL_BYTES - at), 1);
}

const [module = '', profile = 'FRESH', url = '', ca = ''] = process.argv.slice(2);
const { make } = (await import(module)) as { readonly make: MakeTransport };
const policy = POLICIES[profile as ProfileName];
const transport = make({ policy, ca, clock: systemClock, onPoolEvent: () => undefined });
const send = (body: Parameters<typeof transport.send>[0]['body']) =>
  outcomeOf(
    transport.send(
      { method: 'POST', url: new URL(url), headers: {}, ...(body === undefined ? {} : { body }) },
      { signal: new AbortController().signal, limits: LIMITS },
    ),
    2 * LIMITS.totalMs,
  );

// The first upload pays for what a process learns once.
const first = await send(fromBytes(Buffer.alloc(3_000, 1)));
if (first.type !== 'answered') throw new Error(`the first upload should arrive, ${describe(first)}`);
say({ say: 'start', held: await heldBytes() });
let over = false;
const sending = send(fromFactory(slices, CRAWL_BYTES)).finally(() => {
  over = true;
});
while (!over) {
  const held = await heldBytes();
  say({ say: 'sample', held });
  await Promise.race([sending, setTimeout(REST_MS)]);
}
const outcome = await sending;
say({ say: 'end', held: await heldBytes(), outcome: describe(outcome) });
await transport.close();
