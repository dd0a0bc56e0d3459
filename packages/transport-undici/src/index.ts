export type { ConnectionState, ConnectionView, PoolEvent, RetireReason } from '@ferry/core';
export type { TlsOptions } from './connection/connector.ts';
export {
  createUndiciTransport,
  type UndiciTransport,
  type UndiciTransportOptions,
} from './undici-transport.ts';
