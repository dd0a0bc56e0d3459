/** The value of an `image` part: a file, or text that says where the image is. */
import { UploadInputError } from '@ferry/core';

export type ImageSource =
  /** The bytes themselves. */
  | { readonly kind: 'file'; readonly bytes: AsyncIterable<Uint8Array> }
  /** To be fetched. */
  | { readonly kind: 'url'; readonly url: string }
  /** The bytes, decoded while they come in. */
  | { readonly kind: 'data-uri'; readonly bytes: AsyncIterable<Uint8Array> };

const MAX_URL_BYTES = 8_192;
const MAX_DATA_URI_HEAD_BYTES = 256;
const PROBE_BYTES = 8;

/**
 * Looks at the start of a part to see what it is. Only a part without a file name can be text: a file that begins with
 * "http://" is a file.
 * @throws UploadInputError for text that is no address.
 */
export async function imageSource(part: AsyncIterable<Uint8Array>, isFile: boolean): Promise<ImageSource> {
  if (isFile) return { kind: 'file', bytes: part };
  const iterator = part[Symbol.asyncIterator]();
  const head = await readAtLeast(iterator, PROBE_BYTES);
  const start = head.toString('latin1', 0, PROBE_BYTES).toLowerCase();
  const whole = concat(head, iterator);
  if (start.startsWith('http://') || start.startsWith('https://'))
    return { kind: 'url', url: await readUrl(whole) };
  if (start.startsWith('data:')) return { kind: 'data-uri', bytes: decodeDataUriStream(whole) };
  return { kind: 'file', bytes: whole };
}

async function readUrl(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.byteLength;
    if (size > MAX_URL_BYTES) throw new UploadInputError('malformed', 'the URL is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8').trim();
}

/**
 * Decodes `data:image/...;base64,...` piece by piece: a text of 27 MB need not be in memory for an image of 20 MB.
 * Throws UploadInputError when it is no base64 data URI.
 */
async function* decodeDataUriStream(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (!head.includes(0x2c)) {
    const { done, value } = await iterator.next();
    if (done) throw malformed('has no comma');
    head = Buffer.concat([head, value]);
    // Whether or not its comma is there: what has none would be kept here, and copied with each piece, without end.
    if (head.byteLength > MAX_DATA_URI_HEAD_BYTES) break;
  }
  const comma = head.indexOf(0x2c);
  if (comma === -1 || comma > MAX_DATA_URI_HEAD_BYTES) throw malformed('has too long a head');
  if (!/;\s*base64\s*$/i.test(head.toString('latin1', 0, comma))) throw malformed('is not base64');
  yield* decodeBase64Stream(concat(head.subarray(comma + 1), iterator));
}

async function* decodeBase64Stream(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest = '';
  let padding = '';
  for await (const chunk of bytes) {
    const text = Buffer.from(chunk).toString('latin1').replace(/\s+/g, '');
    const end = padding === '' ? text.search(/=|$/) : 0;
    padding += text.slice(end);
    const body = rest + text.slice(0, end);
    if (/[^A-Za-z0-9+/_-]/.test(body) || !/^={0,2}$/.test(padding)) throw malformed('is not base64');
    // Buffer.from decodes whole groups of four only when it gets them.
    const whole = body.length - (body.length % 4);
    rest = body.slice(whole);
    if (whole > 0) yield Buffer.from(body.slice(0, whole), 'base64');
  }
  const complete = padding === '' ? rest.length !== 1 : rest.length + padding.length === 4;
  if (!complete) throw malformed('is cut short');
  if (rest !== '') yield Buffer.from(rest, 'base64');
}

const malformed = (what: string): UploadInputError =>
  new UploadInputError('malformed', `the data URI ${what}`);

async function readAtLeast(iterator: AsyncIterator<Uint8Array>, byteLength: number): Promise<Buffer> {
  let head = Buffer.alloc(0);
  while (head.byteLength < byteLength) {
    const { done, value } = await iterator.next();
    if (done) break;
    head = Buffer.concat([head, value]);
  }
  return head;
}

async function* concat(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (head.byteLength > 0) yield head;
    while (true) {
      const { done, value } = await rest.next();
      if (done) return;
      yield value;
    }
  } finally {
    await rest.return?.();
  }
}
