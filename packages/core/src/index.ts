export * from './client/fetch.ts';
export * from './client/request.ts';
export * from './client/resilient-client.ts';
export * from './collection/dense-set.ts';
export {
  type Connecting,
  type Connector,
  type ConnectorOptions,
  createConnector,
} from './connect/connector.ts';
export type { AlpnProtocol, Connected } from './connect/handshake.ts';
export type {
  Credential,
  CredentialLease,
  CredentialOutlook,
  CredentialSource,
  CredentialState,
  CredentialUse,
  RestCause,
} from './credential/credential.ts';
export * from './credential/credential-pool.ts';
export type { KeyChange, RestPolicy } from './credential/pooled-key.ts';
export * from './credential/single-credential.ts';
export * from './log.ts';
export { AcquireFailure, type AcquireFailureFields } from './pool/acquire-failure.ts';
export type { Connection, OpenConnection, OpenRequest, ProofKind } from './pool/connection.ts';
export { ConnectionLife } from './pool/connection-life.ts';
export { ConnectionPool, type ConnectionPoolOptions } from './pool/connection-pool.ts';
export { sumStats } from './pool/connection-stats.ts';
export type { Lease, Verdict } from './pool/lease.ts';
export type { Waiting, WaitOptions } from './pool/waiter.ts';
export * from './retry/backoff.ts';
export * from './retry/classify.ts';
export * from './retry/http2-error.ts';
export * from './retry/outcome.ts';
export * from './retry/retry-after.ts';
export * from './retry/retry-budget.ts';
export * from './retry/retry-policy.ts';
export * from './retry/retry-table.ts';
export * from './time/clock.ts';
export * from './time/deadlines.ts';
export * from './time/instant.ts';
export * from './transport/dns-cache.ts';
export * from './transport/fallback/fallback-memory.ts';
export * from './transport/fallback/fallback-transport.ts';
export { SLOW_WINDOW_BYTES_PER_SECOND } from './transport/fallback/h2-outcome.ts';
export {
  DEFAULT_FALLBACK_POLICY,
  type FallbackPolicy,
  type FallbackReason,
  type OriginState,
} from './transport/fallback/origin-state.ts';
export * from './transport/header-fault.ts';
export * from './transport/phase-times.ts';
export * from './transport/pool-event.ts';
export * from './transport/proxy/connect-tunnel.ts';
export type { ProxyTarget } from './transport/proxy/no-proxy.ts';
export { type ProxyChoice, proxyFor, proxyTarget } from './transport/proxy/proxy-for.ts';
export * from './transport/proxy/proxy-from-environment.ts';
export * from './transport/proxy/proxy-options.ts';
export { ProxyServer } from './transport/proxy/proxy-server.ts';
export * from './transport/request-body.ts';
export * from './transport/response-headers.ts';
export * from './transport/reuse-policy.ts';
export * from './transport/transport.ts';
export * from './transport/transport-error.ts';
export * from './upload/abandoned-spools.ts';
export * from './upload/data-uri.ts';
export { cleanFilename, filenameFromUrl } from './upload/filename.ts';
export * from './upload/input-error.ts';
export { MemoryBudget, type MemoryBudgetOptions } from './upload/memory-budget.ts';
export * from './upload/multipart.ts';
export * from './upload/public-address.ts';
export { type ImageFinding, ImageScan, type ImageSize } from './upload/scan/image-scan.ts';
export * from './upload/sniff.ts';
export * from './upload/spool.ts';
export * from './upload/upload.ts';
export * from './upload/upload-service.ts';
export * from './upload/upload-source.ts';
export * from './upload/url-error.ts';
export * from './upload/url-source.ts';
