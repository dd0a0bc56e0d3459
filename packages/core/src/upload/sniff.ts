/** What an image is by its first bytes: the only thing about a file that its sender cannot merely claim. */

/** A closed set: the images that can be told apart. */
export type ImageType =
  | { readonly mediaType: 'image/png'; readonly extension: 'png' }
  | { readonly mediaType: 'image/jpeg'; readonly extension: 'jpg' }
  | { readonly mediaType: 'image/webp'; readonly extension: 'webp' }
  | { readonly mediaType: 'image/gif'; readonly extension: 'gif' }
  | { readonly mediaType: 'image/avif'; readonly extension: 'avif' }
  | { readonly mediaType: 'image/heic'; readonly extension: 'heic' }
  | { readonly mediaType: 'image/bmp'; readonly extension: 'bmp' }
  | { readonly mediaType: 'image/tiff'; readonly extension: 'tiff' };

/** How many first bytes `sniffImage` wants to see: enough for the brands of an AVIF or HEIC. */
export const SNIFF_BYTES = 64;

const PNG: ImageType = { mediaType: 'image/png', extension: 'png' };
const JPEG: ImageType = { mediaType: 'image/jpeg', extension: 'jpg' };
const WEBP: ImageType = { mediaType: 'image/webp', extension: 'webp' };
const GIF: ImageType = { mediaType: 'image/gif', extension: 'gif' };
const AVIF: ImageType = { mediaType: 'image/avif', extension: 'avif' };
const HEIC: ImageType = { mediaType: 'image/heic', extension: 'heic' };
const BMP: ImageType = { mediaType: 'image/bmp', extension: 'bmp' };
const TIFF: ImageType = { mediaType: 'image/tiff', extension: 'tiff' };

/** ISO/IEC 23008-12 (HEIF) brands of HEVC-coded images and sequences. */
const HEVC_BRANDS = new Set(['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs']);
/** AV1 Image File Format, section 6. */
const AV1_BRANDS = new Set(['avif', 'avis']);
/** Sizes of the header that follows the 14 bytes of a BMP file header, from OS/2 1.x to version 5. */
const BMP_HEADER_SIZES = new Set([12, 16, 40, 52, 56, 64, 108, 124]);

/** The type of an image by its magic bytes, undefined when it is none of those known. Pure; never throws. */
export function sniffImage(head: Uint8Array): ImageType | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, SNIFF_BYTES));
  const text = bytes.toString('latin1');
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return PNG;
  if (text.startsWith('\xff\xd8\xff')) return JPEG;
  if (text.startsWith('RIFF') && text.startsWith('WEBP', 8)) return WEBP;
  if (text.startsWith('GIF87a') || text.startsWith('GIF89a')) return GIF;
  if (text.startsWith('ftyp', 4)) return sniffHeif(bytes, text);
  if (text.startsWith('II*\0') || text.startsWith('MM\0*')) return TIFF;
  // Two letters alone would take any text that starts with BM for a picture.
  if (text.startsWith('BM') && bytes.byteLength >= 18 && BMP_HEADER_SIZES.has(bytes.readUInt32LE(14)))
    return BMP;
  return undefined;
}

/** The first box of a HEIF file: size, `ftyp`, major brand, version, compatible brands. */
function sniffHeif(bytes: Buffer, text: string): ImageType | undefined {
  const end = Math.min(bytes.readUInt32BE(0), bytes.byteLength);
  const brands = [text.slice(8, 12)];
  for (let at = 16; at + 4 <= end; at += 4) brands.push(text.slice(at, at + 4));
  for (const brand of brands) {
    if (AV1_BRANDS.has(brand)) return AVIF;
    if (HEVC_BRANDS.has(brand)) return HEIC;
  }
  return undefined;
}
