import { createHash } from 'node:crypto';
import { fromBytes, fromFactory, MAX_SLICE_BYTES, oneShot, type RequestBody } from '@ferry/core';
import { describe, expect, test } from 'vitest';
import { PROFILES } from '../stage/profiles.ts';
import { type Group, play } from './group.ts';

/** Bytes that differ from place to place, so that a swapped or repeated slice changes the hash. */
function pattern(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i += 1) bytes[i] = (i * 31 + (i >> 8) * 17) & 255;
  return bytes;
}

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

const sizes = [0, 1, MAX_SLICE_BYTES - 1, MAX_SLICE_BYTES, MAX_SLICE_BYTES + 1, 20_000_000] as const;

const SHAPES: readonly (readonly [name: string, body: () => RequestBody, bytes: Buffer])[] = [
  ...sizes.map((size) => {
    const bytes = pattern(size);
    return [`${size} bytes`, () => fromBytes(bytes), bytes] as const;
  }),
  shape('a body of unknown length', 700_000, (bytes) => fromFactory(() => pieces(bytes, 100_000))),
  shape('an empty body of unknown length', 0, (bytes) => fromFactory(() => pieces(bytes, 1))),
  shape('a one-shot body', 300_000, (bytes) => oneShot(pieces(bytes, 64_000), bytes.byteLength)),
  shape('a one-shot body of unknown length', 300_000, (bytes) => oneShot(pieces(bytes, 64_000))),
  shape('a thousand slices of ten bytes', 10_000, (bytes) => fromFactory(() => pieces(bytes, 10), 10_000)),
];

function shape(
  name: string,
  size: number,
  make: (bytes: Buffer) => RequestBody,
): readonly [string, () => RequestBody, Buffer] {
  const bytes = pattern(size);
  return [name, () => make(bytes), bytes];
}

/** Every shape of body arrives byte for byte, and what is told about it is true. */
export function bodies(group: Group): void {
  describe.each(PROFILES)('%s', (profile) => {
    test.each(SHAPES)('%s arrives as it was given', (_name, body, bytes) =>
      play(group, { profile }, async (stage) => {
        const sent: number[] = [];
        const outcome = await stage.send({ body: body(), onBytesSent: (count) => sent.push(count) });
        expect(outcome).toMatchObject({ type: 'answered', status: 200, text: 'ok' });
        const [request] = stage.peer.requests;
        expect(request).toMatchObject({ bytes: bytes.byteLength, whole: true });
        expect(request?.sha256()).toBe(createHash('sha256').update(bytes).digest('hex'));
        if (outcome.type !== 'answered') return;
        expect(outcome.exchange).toMatchObject({
          bytesSent: bytes.byteLength,
          requestComplete: true,
          bytesReceived: 2,
        });
        expect([...sent].sort((a, b) => a - b)).toEqual(sent);
        expect(sent.at(-1) ?? 0).toBe(bytes.byteLength);
      }),
    );

    test('a GET without a body and a 204 without one are answered', () =>
      play(group, { profile }, async (stage) => {
        expect(await stage.send({ method: 'GET' })).toMatchObject({
          type: 'answered',
          status: 200,
          exchange: { requestComplete: true },
        });
        stage.peer.next({ whole: (r) => r.answer({ status: 204, body: '' }) });
        expect(await stage.send({ method: 'GET' })).toMatchObject({
          type: 'answered',
          status: 204,
          text: '',
        });
        expect(await stage.send()).toMatchObject({ type: 'answered', status: 200 });
      }));
  });
}
