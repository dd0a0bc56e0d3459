import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { type Answer, bodyLength } from '../api/answer.ts';
import type { Wire } from './wire.ts';

/** Every answer says who made it. */
const SIGNATURE = { 'x-made-by': 'ferry-upstream-sim' } as const;

function headersOf(answer: Answer): Record<string, string> {
  return { ...SIGNATURE, ...answer.headers, 'content-length': String(bodyLength(answer.body)) };
}

/** Writes the whole answer and waits until it has left or the peer has gone; the wire knows which. */
export async function writeAnswer(wire: Wire, answer: Answer): Promise<void> {
  const source = await open(answer, undefined);
  wire.respond(answer.status, headersOf(answer));
  await pipeline(source, wire.out).catch(() => undefined);
}

/** Writes the headers as for the whole answer, but no more than `bytes` of its body, and leaves it there. */
export async function writePartOfAnswer(wire: Wire, answer: Answer, bytes: number): Promise<void> {
  const source = await open(answer, bytes);
  wire.respond(answer.status, headersOf(answer), true);
  // Node hands headers to the socket on its next turn; a reset that came before would take them with it.
  await setImmediate();
  for await (const chunk of source) {
    // The callback comes when the bytes have been handed on: what follows must not overtake them.
    await new Promise<void>((resolve) => wire.out.write(chunk, () => resolve()));
  }
}

/** Resolves when everything that `source` gives has been read, rejects when it broke off. */
export async function drained(source: Readable): Promise<void> {
  source.resume();
  await finished(source, { writable: false });
}

async function open({ body }: Answer, bytes: number | undefined): Promise<Readable> {
  if (body instanceof Uint8Array) {
    const part = body.subarray(0, bytes);
    return Readable.from(part.byteLength === 0 ? [] : [part]);
  }
  // An error must come before the headers do.
  await access(body.path);
  if (bytes === 0) return Readable.from([]);
  return createReadStream(body.path, bytes === undefined ? {} : { end: bytes - 1 });
}
