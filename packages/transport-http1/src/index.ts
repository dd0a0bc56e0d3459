export type { ConnectionState, ConnectionView, PoolEvent, RetireReason } from '@ferry/core';
export { createHttp1Transport, type Http1Transport } from './http1-transport.ts';
export type { Http1TlsOptions, Http1TransportOptions } from './options.ts';
