import sharp from 'sharp';

/** A multipart form as bytes, since autocannon sends one buffer again and again. */
export async function editForm(
  fields: Readonly<Record<string, string>>,
): Promise<{ readonly contentType: string; readonly body: Buffer }> {
  const form = new FormData();
  form.set('prompt', 'grayscale');
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set('image', new Blob([await smallImage()], { type: 'image/png' }), 'noise.png');
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
