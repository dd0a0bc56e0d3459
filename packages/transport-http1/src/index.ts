export { createHttp1Transport, type Http1Transport } from './http1-transport.ts';
export type { Http1TlsOptions, Http1TransportOptions } from './options.ts';
export type { ConnectionView, PoolEvent, RetireReason } from './pool/pool-event.ts';
