/**
 * Run by `run-child.ts` as a process of its own: aborts uploads in the ways that can hang Node, and then simply ends. A
 * timer, socket or loop that is left keeps it alive, and the watchdog of the parent tells.
 *
 * Arguments: the URL of a module that exports `make`, the protocol, the profile. Findings go to stdout as JSON.
 */
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fromBytes, fromFactory, fromFile, oneShot, type Protocol, type RequestBody } from '@ferry/core';
import { createLoopbackCertificate, type LoopbackCertificate } from '@ferry/upstream-sim/peers';
import type { ProfileName } from '../expectation.ts';
import { turns } from '../stage/eventually.ts';
import { describe } from '../stage/outcome.ts';
import { HUGE_BYTES, Stage, UPLOAD_BYTES, type Upload } from '../stage/stage.ts';
import type { MakeTransport } from '../subject.ts';

interface Run {
  readonly make: MakeTransport;
  readonly protocol: Protocol;
  readonly profile: ProfileName;
  readonly certificate: LoopbackCertificate;
}

type Way = 'abort while stuck' | 'abort while flowing' | 'idleMs' | 'totalMs' | 'close';

const WAYS: readonly Way[] = ['abort while stuck', 'abort while flowing', 'idleMs', 'totalMs', 'close'];

const findings: string[] = [];

/** Ends one upload of 20 MB in one way; the transport must settle it and be usable at once. */
async function end(run: Run, way: Way, name: string, body: RequestBody): Promise<void> {
  // Whoever watches reads from this where a hang began.
  process.stderr.write(`${way}, ${name}\n`);
  const stage = await Stage.open(run);
  const controller = new AbortController();
  // Long enough that on a busy machine the file is not the silent one: that would be `body-source`.
  const limits = way === 'idleMs' ? { idleMs: 500 } : way === 'totalMs' ? { totalMs: 300 } : {};
  const stuck = way !== 'abort while flowing';
  stage.peer.always(
    stuck
      ? { headers: (r) => r.stopReading() }
      : { data: (r) => void (r.bytes > 1_000_000 && controller.abort()) },
  );
  const upload: Upload = { body, limits, signal: controller.signal };
  const sending = stage.send(upload);
  // On a busy machine a limit may end it before the peer has heard of it. What the peer does to it therefore stands only until
  // it is over, and is not kept for whichever request comes first: that might be the next upload.
  await Promise.race([sending, stage.peer.until(() => stage.peer.requests.length === 1)]);
  await turns(50);
  if (way === 'abort while stuck') controller.abort();
  if (way === 'close') await stage.transport.close();
  const outcome = await sending;
  const kinds = { idleMs: 'timeout', totalMs: 'timeout', close: 'closed' } as const;
  const expected = way in kinds ? kinds[way as keyof typeof kinds] : 'aborted';
  const right = outcome.type === 'failed' && outcome.error.kind === expected;
  stage.check(right, `should fail as ${expected}, ${describe(outcome)}`);
  stage.peer.always({ whole: (r) => r.answer() });
  if (way !== 'close') {
    const next = await stage.send();
    stage.check(next.type === 'answered', `the next upload should arrive, ${describe(next)}`);
  }
  const taken = stage.peer.requests.some(({ whole, bytes }) => whole && bytes !== UPLOAD_BYTES);
  stage.check(!taken, 'the peer took an aborted upload for a whole one');
  await stage[Symbol.asyncDispose]();
  findings.push(...stage.findings.map((finding) => `${way}, ${name}: ${finding}`));
}

/** Looks at the processor for so long at a time, in milliseconds, and so often at most. */
const LOOK_MS = 200;
const LOOKS = 10;

/**
 * Nothing is left to be done: whoever still computes spins. A spin never ends, so one look without is enough; on a busy
 * machine the collector may still be at work in the first ones.
 */
async function checkIdle(): Promise<void> {
  const shares: number[] = [];
  while (shares.length < LOOKS) {
    const before = process.cpuUsage();
    const from = performance.now();
    await setTimeout(LOOK_MS);
    const { user, system } = process.cpuUsage(before);
    const share = (user + system) / 1000 / (performance.now() - from);
    if (share < 0.5) return;
    shares.push(share);
  }
  const percents = shares.map((share) => Math.round(100 * share)).join(', ');
  findings.push(`the process spins: it should idle, and computes ${percents} % of the time`);
}

async function main(): Promise<void> {
  const [module = '', protocol, profile] = process.argv.slice(2);
  const { make } = (await import(module)) as { readonly make: MakeTransport };
  const run: Run = {
    make,
    protocol: protocol as Protocol,
    profile: profile as ProfileName,
    certificate: await createLoopbackCertificate(),
  };
  const folder = await mkdtemp(join(tmpdir(), 'ferry-conformance-'));
  try {
    const path = join(folder, 'upload');
    await writeFile(path, Buffer.alloc(HUGE_BYTES, 1));
    const bytes = Buffer.alloc(HUGE_BYTES, 1);
    const bodies: readonly (readonly [string, () => RequestBody | Promise<RequestBody>])[] = [
      ['bytes', () => fromBytes(bytes)],
      ['a file', () => fromFile(path)],
      ['a one-shot file stream', () => oneShot(createReadStream(path), HUGE_BYTES)],
      ['slices of 1 MB', () => fromFactory(() => megabytes(), HUGE_BYTES)],
    ];
    for (const way of WAYS) for (const [name, body] of bodies) await end(run, way, name, await body());
  } finally {
    await rm(folder, { recursive: true });
  }
  process.stderr.write('all done\n');
  await checkIdle();
  process.stdout.write(JSON.stringify(findings));
}

function* megabytes(): Generator<Uint8Array> {
  for (let i = 0; i < HUGE_BYTES / 1_000_000; i += 1) yield Buffer.alloc(1_000_000, 1);
}

await main();
