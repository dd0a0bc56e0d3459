export type { ConnectionState, ConnectionView, PoolEvent, RetireReason } from '@ferry/core';
export {
  createUndiciTransport,
  type TlsOptions,
  type UndiciTransport,
  type UndiciTransportOptions,
} from './undici-transport.ts';
