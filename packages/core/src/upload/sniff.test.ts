import { expect, test } from 'vitest';
import { SNIFF_BYTES, sniffImage } from './sniff.ts';

// The first bytes as the encoders of sharp and ImageMagick write them, then further forms that the formats' specifications allow.
test.each([
  ['image/png', 'png', '89504e470d0a1a0a0000000d4948445200000002000000020802000000fdd49a73'],
  ['image/jpeg', 'jpg', 'ffd8ffdb00430006040506050406060506070706080a100a'],
  ['image/jpeg', 'jpg', 'ffd8ffe000104a46494600010100000100010000'],
  ['image/webp', 'webp', '524946463c000000574542505650382030000000d001009d012a'],
  ['image/gif', 'gif', '474946383961020002008000004c6971ff000021f90405'],
  ['image/gif', 'gif', '47494638376101000100800000'],
  ['image/avif', 'avif', '0000001c6674797061766966000000006d696631617669666d696166000000d66d657461'],
  ['image/avif', 'avif', '00000020667479706d69663100000000617669666d6966316d6961664d413142'],
  ['image/heic', 'heic', '0000002466747970686569630000000068656963686569786d6966314d6950724d694842'],
  ['image/heic', 'heic', '00000018667479706d69663100000000686569636d696631'],
  ['image/bmp', 'bmp', '424d9a000000000000008a0000007c000000020000000200'],
  ['image/bmp', 'bmp', '424d3a000000000000003600000028000000010000000100'],
  ['image/tiff', 'tiff', '49492a0036000000ffd8ffc0'],
  ['image/tiff', 'tiff', '4d4d002a00000008'],
])('%s is recognised as .%s by its first bytes', (mediaType, extension, hex) => {
  expect(sniffImage(Buffer.from(hex, 'hex'))).toEqual({ mediaType, extension });
});

test.each([
  ['nothing', ''],
  ['one byte', 'ff'],
  ['a text that starts with BM', Buffer.from('BMW and other makers of cars').toString('hex')],
  ['an MP4 film', '00000018667479706d703432000000006d70343269736f6d'],
  ['a WAV sound, which is a RIFF too', '52494646240800005741564566'],
  ['SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg">').toString('hex')],
  ['a PDF', Buffer.from('%PDF-1.7').toString('hex')],
])('%s is no image', (_what, hex) => {
  expect(sniffImage(Buffer.from(hex, 'hex'))).toBeUndefined();
});

test('a brand after the end of the first box does not count', () => {
  const box = Buffer.from('00000014667479706d703432000000006d703432', 'hex');
  expect(sniffImage(Buffer.concat([box, Buffer.from('avif')]))).toBeUndefined();
});

test('only the first bytes are looked at, wherever they lie in memory', () => {
  const memory = Buffer.concat([Buffer.alloc(7), Buffer.from('GIF89a'), Buffer.alloc(SNIFF_BYTES)]);
  expect(sniffImage(memory.subarray(7))?.mediaType).toBe('image/gif');
});
