export type VariantName =
  | 'undici-pooled'
  | 'undici-pooled-8'
  | 'undici-prewarmed'
  | 'undici-fresh'
  | 'http1-pooled'
  | 'http1-fresh'
  | 'raw-h2'
  | 'raw-h2-fresh'
  | 'raw-https'
  | 'undici-agent'
  | 'undici-agent-iterable'
  | 'undici-agent-2'
  | 'undici-client'
  | 'undici-client-each'
  | 'fetch'
  | 'got'
  | 'axios'
  | 'h2load'
  | 'undici-pooled-baseline'
  | 'http1-pooled-baseline';

export interface Variant {
  readonly label: string;
  /** What it speaks with the server, which offers both. */
  readonly httpVersion: '1.1' | '2.0';
}

/** The clients that are compared. */
export const VARIANTS: Readonly<Record<VariantName, Variant>> = {
  'undici-pooled': { label: 'Ferry HTTP/2 POOLED', httpVersion: '2.0' },
  'undici-pooled-8': { label: 'Ferry HTTP/2 POOLED, 8 streams a connection', httpVersion: '2.0' },
  'undici-prewarmed': { label: 'Ferry HTTP/2 PREWARMED', httpVersion: '2.0' },
  'undici-fresh': { label: 'Ferry HTTP/2 FRESH', httpVersion: '2.0' },
  'http1-pooled': { label: 'Ferry HTTP/1.1 POOLED', httpVersion: '1.1' },
  'http1-fresh': { label: 'Ferry HTTP/1.1 FRESH', httpVersion: '1.1' },
  'raw-h2': { label: 'node:http2, one session', httpVersion: '2.0' },
  'raw-h2-fresh': { label: 'node:http2, a session each', httpVersion: '2.0' },
  'raw-https': { label: 'node:https, keep-alive Agent', httpVersion: '1.1' },
  'undici-agent': { label: 'undici Agent, Buffer body', httpVersion: '2.0' },
  'undici-agent-iterable': { label: 'undici Agent, iterable body', httpVersion: '2.0' },
  'undici-agent-2': { label: 'undici Agent, two connections', httpVersion: '2.0' },
  'undici-client': { label: 'undici Client, Buffer body', httpVersion: '2.0' },
  'undici-client-each': { label: 'undici Client each', httpVersion: '2.0' },
  fetch: { label: 'built-in fetch', httpVersion: '2.0' },
  got: { label: 'got, keep-alive Agent', httpVersion: '1.1' },
  axios: { label: 'axios, keep-alive Agent', httpVersion: '1.1' },
  h2load: { label: 'h2load (C)', httpVersion: '2.0' },
  'undici-pooled-baseline': { label: 'Ferry HTTP/2 POOLED, other build', httpVersion: '2.0' },
  'http1-pooled-baseline': { label: 'Ferry HTTP/1.1 POOLED, other build', httpVersion: '1.1' },
};

/** What a full run compares; the others are asked for by name. */
export const DEFAULT_VARIANTS: readonly VariantName[] = [
  'undici-pooled',
  'undici-prewarmed',
  'undici-fresh',
  'http1-pooled',
  'http1-fresh',
  'raw-h2',
  'raw-https',
  'undici-agent',
  'undici-agent-iterable',
  'undici-client',
  'fetch',
  'got',
  'axios',
  'h2load',
];

/** Those that the promises speak of. */
export const QUICK_VARIANTS: readonly VariantName[] = [
  'undici-pooled',
  'raw-h2',
  'undici-agent',
  'fetch',
  'got',
];

export function isVariant(name: string): name is VariantName {
  return Object.hasOwn(VARIANTS, name);
}

/** `maxSessionMemory` of Node's HTTP/2 sessions, which undici gives nobody to set: queued Buffers count against it. */
const SESSION_MEMORY_BYTES = 10_000_000;

/** They queue a body as one Buffer. */
const SEND_BUFFERS: ReadonlySet<VariantName> = new Set([
  'undici-agent',
  'undici-agent-2',
  'undici-client',
  'fetch',
]);

/**
 * Whether a variant belongs into a load. undici's Agent and Client and the built-in fetch fail uploads when more Buffers are queued than
 * a session may hold; the Agent with an iterable body stands in for them there, and would only say the same twice elsewhere.
 */
export function isMeasured(
  variant: VariantName,
  cell: { readonly bodyBytes: number; readonly atOnce: number },
): boolean {
  return variant === 'undici-agent-iterable' ? !canMeasure('undici-agent', cell) : canMeasure(variant, cell);
}

/** False for those that cannot: undici's Agent and the built-in fetch fail uploads when more Buffers are queued than a session may hold. */
export function canMeasure(
  variant: VariantName,
  { bodyBytes, atOnce }: { readonly bodyBytes: number; readonly atOnce: number },
): boolean {
  return !SEND_BUFFERS.has(variant) || bodyBytes * atOnce <= SESSION_MEMORY_BYTES;
}
