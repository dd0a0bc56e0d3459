/** What browsers are told about our answers. */

const EVERYWHERE: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
};

/** Nothing of an API answer is ever executed, framed or rendered. */
const API_POLICY = "default-src 'none'; frame-ancestors 'none'";

/** The console: our own files; pictures also from memory (`blob:` for a chosen file, `data:` for an icon). */
const CONSOLE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "font-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Swagger UI sets inline styles and shows images from data URIs. */
const DOCS_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function securityHeaders(path: string): Record<string, string> {
  const policy = path.startsWith('/admin')
    ? CONSOLE_POLICY
    : path === '/docs' || path.startsWith('/docs/')
      ? DOCS_POLICY
      : API_POLICY;
  return {
    ...EVERYWHERE,
    'content-security-policy': policy,
    ...(policy === API_POLICY && { 'cache-control': 'no-store' }),
    // A result may be shown by the page that asked for it, wherever that is; its name is the secret.
    'cross-origin-resource-policy': path.startsWith('/images/') ? 'cross-origin' : 'same-origin',
  };
}
