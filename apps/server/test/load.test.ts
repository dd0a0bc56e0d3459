import sharp from 'sharp';
import { expect, test } from 'vitest';
import { leftovers, peakMemory, startFerry } from './support/ferry.ts';
import { form, picture, post } from './support/form.ts';
import { EDITS, UPLOADS } from './support/simulator-control.ts';

const MIB = 1024 * 1024;

/** A PNG without compression of `side` x `side` pixels of three bytes. */
async function uncompressed(side: number): Promise<File> {
  const raw = Buffer.alloc(side * side * 3);
  for (let at = 0; at + 4 <= raw.byteLength; at += 4)
    raw.writeUInt32LE(Math.imul(at, 2_654_435_761) >>> 0, at);
  const png = await sharp(raw, { raw: { width: side, height: side, channels: 3 } })
    .png({ compressionLevel: 0 })
    .toBuffer();
  return picture(new Uint8Array(png), 'large.png');
}

test.each([
  { clients: 64, megabytes: 20, side: 2640, limit: 400 },
  { clients: 200, megabytes: 10, side: 1865, limit: 500 },
])(
  '$clients uploads of $megabytes MB at once arrive whole while the gateway stays under $limit MB',
  async ({ clients, megabytes, side, limit }) => {
    await using ferry = await startFerry();
    const image = await uncompressed(side);
    expect(image.size).toBeGreaterThan((megabytes - 0.1) * MIB);
    // The uploads are what is measured: the edits themselves answer at once, with a small picture.
    const small = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    await ferry.simulator.fault({
      match: { path: EDITS },
      count: 'forever',
      fault: {
        kind: 'status',
        status: 200,
        when: 'early',
        body: JSON.stringify({ data: [{ b64_json: small.toString('base64') }] }),
      },
    });
    const replies = await Promise.all(
      Array.from({ length: clients }, () => post(ferry.url, form({ prompt: 'x', image }))),
    );
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
    const uploads = (await ferry.simulator.requests(UPLOADS)).filter(({ outcome }) => outcome === 'answered');
    expect(uploads).toHaveLength(clients);
    expect(new Set(uploads.map(({ work }) => work?.file?.sha256)).size).toBe(1);
    expect(uploads[0]?.work?.file?.bytes).toBe(image.size);
    expect(peakMemory(ferry.process.pid)).toBeLessThan(limit * MIB);
    expect(await leftovers(ferry)).toEqual([]);
  },
  180_000,
);
