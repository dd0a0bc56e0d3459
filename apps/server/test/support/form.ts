import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

/** NASA's photograph of a Falcon 9 launch (SpaceX, public domain), 640 x 427. */
export const ROCKET = fixture('rocket.jpg');
/** A JPEG cut off in the middle. */
export const TRUNCATED = fixture('truncated.jpg');

export const bytesOf = (path: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(path));

export const picture = (bytes: Uint8Array<ArrayBuffer> = bytesOf(ROCKET), name = 'rocket.jpg'): File =>
  new File([bytes], name);

/** A small PNG of one colour. */
export async function smallPng(): Promise<Uint8Array<ArrayBuffer>> {
  const image = sharp({ create: { width: 32, height: 32, channels: 3, background: '#4080c0' } });
  return new Uint8Array(await image.png().toBuffer());
}

/** A PNG without compression, three bytes a pixel; by default of some 6 MB: more than a spool keeps in memory, and than sockets buffer. */
export async function largePng(width = 2_000, height = 1_000): Promise<Uint8Array<ArrayBuffer>> {
  const raw = Buffer.alloc(width * height * 3, 90);
  const image = sharp(raw, { raw: { width, height, channels: 3 } });
  return new Uint8Array(await image.png({ compressionLevel: 0 }).toBuffer());
}

/** A form with these fields in this order; an array becomes a repeated field. */
export function form(fields: Readonly<Record<string, string | File | readonly (string | File)[]>>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value)
      ? (value as readonly (string | File)[])
      : [value as string | File]) {
      data.append(name, one);
    }
  }
  return data;
}

export const IMG2IMG = '/api/v1/admin/img2img';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly error?: {
      readonly message: string;
      readonly type: string;
      readonly param: string | null;
      readonly code: string;
    };
    readonly attempts?: unknown;
    readonly model?: string;
    readonly data?: readonly {
      readonly url?: string;
      readonly b64_json?: string;
      readonly mime_type: string;
      readonly error?: string;
    }[];
    readonly links?: readonly string[];
    readonly uploads?: readonly {
      readonly filename: string;
      readonly delivery: 'by-file-id' | 'inline';
      readonly file_id: string | null;
      readonly bytes: number;
      readonly attempts: number;
      readonly duration_ms: number;
      readonly upstream_ms: number;
      readonly connection: {
        readonly id: string;
        readonly reused: boolean;
        readonly origin: string;
        readonly protocol: string;
      };
    }[];
  };
}

/** Posts a form and reads the JSON. */
export async function post(url: string, body: FormData, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(`${url}${IMG2IMG}`, { method: 'POST', body, ...init });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Reply['body'],
  };
}
