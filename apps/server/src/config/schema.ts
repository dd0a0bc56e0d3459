/** Every key Ferry knows. The one place: defaults, validation, types and the options table come from here. */
import { z } from 'zod';
import {
  address,
  choice,
  decimal,
  flag,
  integer,
  names,
  optionalAddress,
  optionalSecret,
  optionalText,
  proxy,
  requiredText,
  secrets,
  section,
  statusCodes,
  table,
  text,
} from './keys.ts';

/** The seed's model name; not an official id, so it is an alias. */
export const DEFAULT_ALIASES: Readonly<Record<string, string>> = {
  'grok-imagine-1.0-edit': 'grok-imagine-image',
};

const provider = z.strictObject({
  name: requiredText({ about: 'What logs and the page call this upstream.' }),
  type: choice(['xai'], 'xai', { about: "The upstream's wire format." }),
  base_url: address({ about: "The API's origin; paths such as `/v1/files` are appended." }),
  models: names({ about: 'Model ids it serves; the first of the first provider is the default model.' }),
  keys: secrets({ about: 'API keys. A refused or limited key rests while another is used.' }),
  ca_file: optionalText({ about: 'PEM file of a certificate authority trusted for this provider only.' }),
});

export const configSchema = z.strictObject({
  server: section({
    host: text('127.0.0.1', { about: 'Address to listen on. Anything but loopback needs `auth.admin_key`.' }),
    port: integer(0, 65_535, 8000, { about: 'Port to listen on; 0 lets the system choose.' }),
    public_url: optionalAddress({
      about: "Base of the image links in answers. Absent: the request's own host.",
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
    max_requests: integer(1, 10_000, 256, {
      about: 'Image requests at once; one more is answered 503 before it is read.',
    }),
    shutdown_grace_ms: integer(0, 600_000, 30_000, {
      unit: 'ms',
      about: 'How long running requests may go on after SIGTERM before they are cancelled.',
    }),
    log_level: choice(['debug', 'info', 'warn', 'error'], 'info', {
      about: 'The least severe log line written.',
    }),
  }),
  upload: section({
    reuse_session: flag(false, {
      about:
        'Whether uploads share connections. `false`: one connection for each. A request may override it.',
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
    max_prompt_chars: integer(1, 100_000, 8_000, { unit: 'characters', about: 'The longest prompt.' }),
    concurrency: integer(1, 256, 25, {
      about: 'Uploads at once, shared fairly between requests; as many edits may run beside them.',
    }),
    cut_through: flag(true, {
      about:
        'Whether an image over 256 KiB goes to the upstream while it still comes in. At most half of `upload.concurrency` do.',
    }),
  }),
  pool: section({
    spares: integer(0, 32, 2, {
      about: 'Connections opened ahead for isolated uploads; 0 opens each when it is needed.',
    }),
    max_connections: integer(1, 256, 8, {
      about: 'Shared connections to one upstream. Isolated ones follow `upload.concurrency`.',
    }),
    max_streams: integer(1, 100, 4, { about: 'Requests at once on one shared HTTP/2 connection.' }),
    max_idle_ms: integer(100, 3_600_000, 30_000, {
      unit: 'ms',
      about: 'A shared connection unused for longer is closed.',
    }),
    max_age_ms: integer(1_000, 86_400_000, 600_000, {
      unit: 'ms',
      about: 'A shared connection older than this is replaced.',
    }),
    prove_after_idle_ms: integer(0, 3_600_000, 1_000, {
      unit: 'ms',
      about: 'A shared connection silent for longer is proven by a PING before it is used again.',
    }),
  }),
  retry: section({
    max_retry: integer(0, 10, 3, { about: 'Retries after the first attempt.' }),
    retry_status_codes: statusCodes([401, 403, 408, 425, 429, 500, 502, 503, 504], {
      about: 'Upstream answers worth another attempt. 401 and 403 only with another key.',
    }),
    retry_backoff_base: decimal(0.001, 60, 0.5, { unit: 's', about: 'The first wait, before jitter.' }),
    retry_backoff_factor: decimal(1, 10, 2, { about: 'Each wait is this many times the one before.' }),
    retry_backoff_max: decimal(0.001, 600, 30, {
      unit: 's',
      about: 'The longest single wait; caps Retry-After too.',
    }),
    retry_budget: decimal(0, 3_600, 90, { unit: 's', about: 'All the waits of one request together.' }),
    trust_refused_stream: flag(false, {
      about:
        'Whether an edit goes again after REFUSED_STREAM. Only without a proxy before the upstream is that a proof.',
    }),
  }),
  fallback: section({
    http1: flag(true, { about: 'Whether `upload.transport = "auto"` may fall back to HTTP/1.1.' }),
    h2_failure_rate: decimal(0.01, 1, 0.5, {
      about:
        'Share of HTTP/2 exchanges with an upstream that fail within a minute, from which it is spoken to over HTTP/1.1.',
    }),
    min_requests: integer(1, 100_000, 10, {
      about: 'HTTP/2 exchanges within that minute below which the share says nothing.',
    }),
    hold_s: decimal(0.1, 172_800, 300, {
      unit: 's',
      about:
        'How long HTTP/1.1 is held before HTTP/2 is tried again; doubles each time that fails, up to two days.',
    }),
  }),
  provider: z.array(provider).default([]),
  alias: table(DEFAULT_ALIASES, { about: 'Names that callers may use for a model: `"name" = "model id"`.' }),
  storage: section({
    image_lifetime_s: integer(60, 31_536_000, 86_400, {
      unit: 's',
      about: 'How long result images are kept.',
    }),
    sweep_interval_s: integer(1, 86_400, 600, {
      unit: 's',
      about: 'How often images past their lifetime are removed.',
    }),
  }),
  auth: section({
    admin_key: optionalSecret({ about: 'The key of the admin API, sent as `Authorization: Bearer ...`.' }),
  }),
});

export type Config = z.output<typeof configSchema>;
export type ProviderConfig = Config['provider'][number];
