/** Bytes out of text: base64 (RFC 4648) and data URIs (RFC 2397). */
import { SpoolLimitError, UploadInputError } from './input-error.ts';
import { isMediaType } from './media-type.ts';

export interface DecodeOptions {
  /** The most bytes the text may stand for; decided before they are allocated. Default unlimited. */
  readonly maxBytes?: number;
}

export interface DataUri {
  readonly bytes: Uint8Array;
  /** As written, or the RFC's `text/plain;charset=US-ASCII` when it says none. */
  readonly contentType: string;
}

const malformed = (message: string): UploadInputError => new UploadInputError('malformed', message);

/**
 * Decodes base64 in the standard or the URL-safe alphabet, padded or not, with white space anywhere.
 * @throws UploadInputError `malformed`, SpoolLimitError.
 */
export function decodeBase64(text: string, options: DecodeOptions = {}): Uint8Array {
  const packed = text.replace(/[\t\n\f\r ]+/g, '');
  const body = packed.replace(/={1,2}$/, '');
  if (body.length % 4 === 1 || (body.length < packed.length && packed.length % 4 !== 0)) {
    throw malformed('not base64: its length is wrong');
  }
  // Buffer.from skips what it does not know, so a corrupt text would become a corrupt image.
  const stranger = body.search(/[^A-Za-z0-9+/_-]/);
  if (stranger !== -1)
    throw malformed(`not base64: a character at position ${stranger} is not of its alphabet`);
  const limit = options.maxBytes ?? Number.POSITIVE_INFINITY;
  if (Math.floor((body.length * 3) / 4) > limit) throw new SpoolLimitError(limit);
  return Buffer.from(body, 'base64');
}

/**
 * Decodes a data URI, base64 or percent-encoded.
 * @throws UploadInputError `malformed`, SpoolLimitError.
 */
export function decodeDataUri(uri: string, options: DecodeOptions = {}): DataUri {
  const comma = uri.indexOf(',');
  if (!/^data:/i.test(uri) || comma === -1) throw malformed('not a data URI');
  const head = uri.slice('data:'.length, comma).trim();
  const base64 = /;[ ]*base64$/i.test(head);
  const declared = head.replace(/;[ ]*base64$/i, '');
  const contentType = declared.startsWith(';') ? `text/plain${declared}` : declared;
  if (contentType !== '' && !isMediaType(contentType))
    throw malformed('the data URI has no valid media type');
  const data = uri.slice(comma + 1);
  const bytes = base64
    ? decodeBase64(data.includes('%') ? percentDecode(data).toString('latin1') : data, options)
    : percentDecode(data);
  const limit = options.maxBytes ?? Number.POSITIVE_INFINITY;
  if (bytes.byteLength > limit) throw new SpoolLimitError(limit);
  return { bytes, contentType: contentType === '' ? 'text/plain;charset=US-ASCII' : contentType };
}

/** RFC 3986 section 2.1; everything else stands for its UTF-8. */
function percentDecode(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  let length = 0;
  for (let at = 0; at < bytes.byteLength; at += 1) {
    let byte = bytes[at] ?? 0;
    if (byte === 0x25) {
      const digits = bytes.toString('latin1', at + 1, at + 3);
      if (!/^[0-9A-Fa-f]{2}$/.test(digits))
        throw malformed('the data URI has a % without two hexadecimal digits');
      byte = Number.parseInt(digits, 16);
      at += 2;
    }
    bytes[length] = byte;
    length += 1;
  }
  return bytes.subarray(0, length);
}
