import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';

/** How often a piece is sent. Milliseconds. */
const STEP_MS = 10;

export interface PacedUpload {
  readonly status: number;
  /** When the client had handed its last byte to the kernel, milliseconds since the Unix epoch. */
  readonly lastByteAt: number;
  /** When it had the whole answer. */
  readonly answeredAt: number;
}

/** How much longer than its pace an upload may take, with its answer. */
const GRACE_MS = 30_000;

/**
 * Sends a request at an even pace: each piece by the time that has passed, so that a timer that is late makes the next piece larger
 * and not the whole slower.
 * @throws Error when the connection breaks, and when the answer is not there `graceMs` after the pace would have ended.
 */
export async function pacedUpload(
  url: string,
  body: Buffer,
  contentType: string,
  bytesPerSecond: number,
  graceMs: number = GRACE_MS,
): Promise<PacedUpload> {
  const limitMs = Math.ceil((body.byteLength / bytesPerSecond) * 1_000) + graceMs;
  const signal = AbortSignal.timeout(limitMs);
  try {
    return await upload(url, body, contentType, bytesPerSecond, signal);
  } catch (error) {
    // Whatever it was doing then says that it cannot go on; nothing but the signal says why.
    throw signal.aborted ? new Error(`an upload had no answer after ${limitMs} ms`, { cause: error }) : error;
  }
}

async function upload(
  url: string,
  body: Buffer,
  contentType: string,
  bytesPerSecond: number,
  signal: AbortSignal,
): Promise<PacedUpload> {
  const sending = request(url, {
    method: 'POST',
    agent: false,
    signal,
    headers: { 'content-type': contentType, 'content-length': body.byteLength },
  });
  const response = once(sending, 'response');
  response.catch(() => undefined);
  const startedAt = performance.now();
  for (let sent = 0; sent < body.byteLength; ) {
    await setTimeout(STEP_MS);
    const due = Math.min(
      body.byteLength,
      Math.ceil(((performance.now() - startedAt) / 1_000) * bytesPerSecond),
    );
    const piece = body.subarray(sent, due);
    sent = due;
    await new Promise<void>((resolve, reject) => {
      sending.write(piece, (error) => (error ? reject(error) : resolve()));
    });
  }
  const lastByteAt = Date.now();
  sending.end();
  const [answer] = await response;
  await text(answer);
  return { status: answer.statusCode ?? 0, lastByteAt, answeredAt: Date.now() };
}
