import sharp from 'sharp';

/** A form as it goes over the wire. */
export interface EncodedForm {
  readonly contentType: string;
  readonly body: Buffer;
}

/** A form with a small image, since autocannon sends one buffer again and again. */
export async function editForm(fields: Readonly<Record<string, string>>): Promise<EncodedForm> {
  return await encoded(fields, await smallImage());
}

/** A form with an image of so many bytes, within a few rows: a PNG without compression. */
export async function noiseForm(byteLength: number): Promise<EncodedForm> {
  const side = Math.floor(Math.sqrt(byteLength / 3));
  const image = sharp({
    create: {
      width: side,
      height: side,
      channels: 3,
      noise: { type: 'gaussian', mean: 128, sigma: 40 },
      background: 'white',
    },
  });
  return await encoded({}, (await image.png({ compressionLevel: 0 }).toBuffer()) as Buffer<ArrayBuffer>);
}

async function encoded(
  fields: Readonly<Record<string, string>>,
  image: Buffer<ArrayBuffer>,
): Promise<EncodedForm> {
  const form = new FormData();
  form.set('prompt', 'grayscale');
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set('image', new Blob([image], { type: 'image/png' }), 'noise.png');
  const encoded = new Response(form);
  const contentType = encoded.headers.get('content-type') ?? '';
  return { contentType, body: Buffer.from(await encoded.arrayBuffer()) };
}

/** 64 x 64 of noise, 12 kB: the edit is cheap, so that connections are what is left to see. */
function smallImage(): Promise<Buffer<ArrayBuffer>> {
  return sharp({
    create: {
      width: 64,
      height: 64,
      channels: 3,
      noise: { type: 'gaussian', mean: 128, sigma: 40 },
      background: 'white',
    },
  })
    .png()
    .toBuffer() as Promise<Buffer<ArrayBuffer>>;
}
