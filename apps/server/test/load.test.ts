import sharp from 'sharp';
import { expect, test } from 'vitest';
import { leftovers, peakMemory, startFerry } from './support/ferry.ts';
import { form, picture, post } from './support/form.ts';
import { EDITS, UPLOADS } from './support/simulator-control.ts';

const UPLOADS_AT_ONCE = 64;
const LIMIT_BYTES = 400 * 1024 * 1024;

/** A PNG without compression, just below 20 MiB: 2640 x 2640 pixels of three bytes. */
async function twentyMegabytes(): Promise<File> {
  const side = 2640;
  const raw = Buffer.alloc(side * side * 3);
  for (let at = 0; at < raw.byteLength; at += 4) raw.writeUInt32LE(Math.imul(at, 2_654_435_761) >>> 0, at);
  const png = await sharp(raw, { raw: { width: side, height: side, channels: 3 } })
    .png({ compressionLevel: 0 })
    .toBuffer();
  return picture(new Uint8Array(png), 'large.png');
}

test('64 uploads of 20 MB at once arrive whole while the gateway stays under 400 MB', async () => {
  await using ferry = await startFerry();
  const image = await twentyMegabytes();
  expect(image.size).toBeGreaterThan(19.9 * 1024 * 1024);
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
    Array.from({ length: UPLOADS_AT_ONCE }, () => post(ferry.url, form({ prompt: 'x', image }))),
  );
  expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
  const uploads = (await ferry.simulator.requests(UPLOADS)).filter(({ outcome }) => outcome === 'answered');
  expect(uploads).toHaveLength(UPLOADS_AT_ONCE);
  expect(new Set(uploads.map(({ work }) => work?.file?.sha256)).size).toBe(1);
  expect(uploads[0]?.work?.file?.bytes).toBe(image.size);
  expect(peakMemory(ferry.process.pid)).toBeLessThan(LIMIT_BYTES);
  expect(await leftovers(ferry)).toEqual([]);
}, 180_000);
