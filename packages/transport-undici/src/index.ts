export type { TlsOptions } from './connection/connector.ts';
export type { ConnectionState, ConnectionView, PoolEvent, RetireReason } from './pool/connection.ts';
export {
  createUndiciTransport,
  type UndiciTransport,
  type UndiciTransportOptions,
} from './undici-transport.ts';
