import { addresses, choice, integer, optionalAddress, section, text } from '../keys.ts';

/** The listener, its limits and its files. */
export const serverSection = section({
  host: text('127.0.0.1', {
    about: 'Address to listen on. Anything but loopback needs `auth.admin_key` and an API key.',
  }),
  port: integer(0, 65_535, 8000, { about: 'Port to listen on; 0 lets the system choose.' }),
  public_url: optionalAddress({
    about: "Base of the image links in answers. Absent: the request's own host.",
  }),
  trusted_proxies: addresses({
    about:
      'Reverse proxies before Ferry, whose `x-forwarded-for` and `x-forwarded-proto` are believed. Without them the caller is who connects.',
  }),
  data_dir: text('.ferry', {
    about: 'Folder for results and temporary files, relative to the working directory.',
  }),
  deadline_ms: integer(1_000, 3_600_000, 240_000, {
    unit: 'ms',
    about: 'The longest a request may take, from its first byte to the answer; then 504.',
  }),
  request_timeout_ms: integer(1_000, 3_600_000, 120_000, {
    unit: 'ms',
    about: 'The longest a client may take to send a whole request; then 408.',
  }),
  max_connections: integer(64, 100_000, 4_096, {
    about:
      'Connections of clients at once; a further one is closed. Each costs a file descriptor and some memory.',
  }),
  max_requests: integer(1, 10_000, 256, {
    about: 'Image requests at once; further ones wait, unread.',
  }),
  max_queue: integer(0, 10_000, 64, {
    about: 'Image requests that wait for a place; one more is answered 503 with `retry-after`, unread.',
  }),
  max_queue_ms: integer(0, 100_000, 10_000, {
    unit: 'ms',
    about:
      'The longest an image request waits for a place; then 503. It counts towards `server.request_timeout_ms`.',
  }),
  shutdown_grace_ms: integer(0, 600_000, 30_000, {
    unit: 'ms',
    about: 'How long running requests may go on after SIGTERM before they are cancelled.',
  }),
  log_level: choice(['debug', 'info', 'warn', 'error'], 'info', {
    about: 'The least severe log line written.',
  }),
});
