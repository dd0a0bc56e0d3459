/** A form as it goes over the wire. */
export interface EncodedForm {
  readonly contentType: string;
  readonly body: Buffer;
}

/** A form for img2img with one image. */
export async function encodeForm(image: Buffer<ArrayBuffer>): Promise<EncodedForm> {
  const form = new FormData();
  form.set('prompt', 'grayscale');
  form.set('image', new Blob([image], { type: 'image/jpeg' }), 'photo.jpg');
  const encoded = new Response(form);
  const contentType = encoded.headers.get('content-type') ?? '';
  return { contentType, body: Buffer.from(await encoded.arrayBuffer()) };
}
