export { createHttp1Transport } from './http1-transport.ts';
export type { Http1TlsOptions, Http1TransportOptions } from './options.ts';
export type { PoolEvent, RetireReason } from './pool/pool-event.ts';
