import { choice, flag, integer, proxy, secondsOrNever, section } from '../keys.ts';

/** What goes to an upstream, and how. */
export const uploadSection = section({
  reuse_session: flag(false, {
    about: 'Whether uploads share connections. `false`: one connection for each. A request may override it.',
  }),
  transport: choice(['auto', 'undici', 'http1'], 'auto', {
    about:
      'HTTP/2 by undici, HTTP/1.1 by got, or HTTP/2 that falls back to HTTP/1.1 where that is the better road.',
  }),
  proxy: proxy('environment', {
    about:
      'The HTTP proxy before the upstreams: what HTTPS_PROXY, HTTP_PROXY and NO_PROXY say, none, or this one for all.',
  }),
  max_file_mb: integer(1, 50, 20, {
    unit: 'MiB',
    about: 'The largest image; a larger one is answered 413.',
  }),
  max_images: integer(1, 16, 16, { about: 'The most images a request may hold.' }),
  max_image_megapixels: integer(1, 268, 50, {
    unit: 'million pixels',
    about: 'The largest image once decoded; a larger one is refused as a pixel bomb.',
  }),
  decode_images: flag(false, {
    about:
      'Whether each image is decoded to its last row before the edit. `false`: only one whose structure leaves a doubt.',
  }),
  spool_memory_mb: integer(0, 4_096, 16, {
    unit: 'MiB',
    about:
      'Memory that images of all requests share before they go to the disk, at most 2 MiB each; 256 KiB of each are in memory anyway.',
  }),
  max_prompt_chars: integer(1, 100_000, 8_000, { unit: 'characters', about: 'The longest prompt.' }),
  concurrency: integer(1, 256, 25, {
    about: 'Uploads at once, shared fairly between requests; as many edits may run beside them.',
  }),
  cut_through: flag(true, {
    about:
      'Whether an image over 256 KiB goes to the upstream while it still comes in. At most half of `upload.concurrency` do.',
  }),
  slow_client_s: integer(1, 90, 30, {
    unit: 's',
    about:
      'The longest an image that still comes in may hold a connection to the upstream; then it is uploaded when it is whole.',
  }),
  slow_client_kb_s: integer(0, 100_000, 16, {
    unit: 'KiB/s',
    about:
      'An image that comes in slower than this for 5 s gives its connection up as well; 0: only when nothing comes.',
  }),
  expires_after_s: secondsOrNever(3_600, 2_592_000, 86_400, {
    unit: 's',
    about:
      'When the upstream deletes an uploaded image, also one of a request that was refused after it was there.',
  }),
});
