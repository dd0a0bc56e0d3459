/** The requests of a drill: real ones, over HTTP, to the gateway itself. */
import type { AddressInfo } from 'node:net';
import sharp from 'sharp';

/** What the gateway asks of a caller. */
export interface Caller {
  /** Where the gateway listens. */
  readonly address: AddressInfo;
  readonly adminKey: string | undefined;
}

const PROMPT = 'sepia';

/** Pictures differ, so that none is taken for a repetition of another. */
const WIDTH = 640;
const HEIGHT = 420;

/** A picture of some 300 kB: large enough to have a middle. */
export async function drillPicture(): Promise<Buffer<ArrayBuffer>> {
  const noise = { type: 'gaussian', mean: 140, sigma: 34 } as const;
  const bytes = await sharp({
    create: { width: WIDTH, height: HEIGHT, channels: 3, background: '#888888', noise },
  })
    .jpeg({ quality: 92 })
    .toBuffer();
  return Buffer.from(bytes);
}

/** Sends one edit. @returns whether it arrived. Never rejects, except when `signal` aborts. */
export async function sendEdit(
  { address, adminKey }: Caller,
  { name, bytes }: { readonly name: string; readonly bytes: Buffer<ArrayBuffer> },
  signal: AbortSignal,
): Promise<boolean> {
  const form = new FormData();
  form.set('prompt', PROMPT);
  // Nothing of it is to be kept.
  form.set('response_format', 'b64_json');
  form.set('image', new File([bytes], name, { type: 'image/jpeg' }));
  try {
    const response = await fetch(`${urlOf(address)}/api/v1/admin/img2img`, {
      method: 'POST',
      body: form,
      headers: adminKey === undefined ? {} : { authorization: `Bearer ${adminKey}` },
      signal,
    });
    await response.body?.pipeTo(new WritableStream());
    return response.ok;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/** An address that is listened on as one that can be connected to. */
function urlOf({ address, family, port }: AddressInfo): string {
  if (address === '0.0.0.0') return `http://127.0.0.1:${port}`;
  if (address === '::') return `http://[::1]:${port}`;
  return family === 'IPv6' ? `http://[${address}]:${port}` : `http://${address}:${port}`;
}
