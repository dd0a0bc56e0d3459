/** Proxies by the scheme of the target. Every target is reached by CONNECT, `http:` ones too. */
export interface ProxyOptions {
  /**
   * For `https:` targets: `http://host:port`, `https://host:port` or `host:port`; `user:password@` before the host is sent
   * to the proxy as Basic authentication. Absent or empty: none.
   */
  readonly httpsProxy?: string | undefined;
  /** For `http:` targets, likewise. */
  readonly httpProxy?: string | undefined;
  /** Targets that are reached directly, as in `NO_PROXY`: see `readNoProxy`. */
  readonly noProxy?: string | undefined;
  /** PEM authorities trusted for `https:` proxies instead of Node's roots. Their certificates are always checked. */
  readonly ca?: string | undefined;
  /** `direct` (the default, as in Go): `localhost` and loopback addresses never go through a proxy. */
  readonly loopback?: 'direct' | 'proxied' | undefined;
}
