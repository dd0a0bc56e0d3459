import tls from 'node:tls';

/** A proxy's address, once it has been read and checked. */
export class ProxyServer {
  /** The connection to the proxy itself is TLS (an `https:` proxy). */
  readonly secure: boolean;
  /** A name or an IP address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** Private, so that no log, inspection or JSON of this object shows it. */
  readonly #authorization: string | undefined;
  readonly #secureContext: tls.SecureContext | undefined;

  private constructor(url: URL, authorization: string | undefined, ca: string | undefined) {
    this.secure = url.protocol === 'https:';
    this.host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    this.port = url.port === '' ? (this.secure ? 443 : 80) : Number(url.port);
    this.#authorization = authorization;
    if (this.secure) this.#secureContext = tls.createSecureContext(ca === undefined ? {} : { ca });
  }

  /**
   * Reads `http://host:port`, `https://host:port` or `host:port`, with `user:password@` before the host if need be. User and
   * password are percent-decoded (RFC 3986 section 3.2.1).
   * @param name where the address was set, such as `HTTPS_PROXY`; only it, never the address, is part of an error.
   * @param ca PEM authorities trusted for an `https:` proxy instead of Node's roots.
   * @throws Error for anything else; the OpenSSL error for an unreadable `ca`.
   */
  static parse(address: string, name: string, ca?: string): ProxyServer {
    const text = address.trim();
    // Without a scheme curl and Go take http: as well.
    const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
    // `new URL` would put the whole address, password included, into its error.
    if (!URL.canParse(whole)) throw notAProxy(name);
    const url = new URL(whole);
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw new Error(`${name}: a proxy is http: or https:, no other kind is spoken`);
    }
    if (url.pathname !== '/' || url.search !== '' || url.hash !== '') throw notAProxy(name);
    return new ProxyServer(url, basicCredentials(url, name), ca);
  }

  /** The value of `proxy-authorization`; undefined when the address has no user. */
  get authorization(): string | undefined {
    return this.#authorization;
  }

  /** Trust in an `https:` proxy, made once for all connections to it; undefined for an `http:` one. */
  get secureContext(): tls.SecureContext | undefined {
    return this.#secureContext;
  }

  /** Without credentials. */
  toString(): string {
    const host = this.host.includes(':') ? `[${this.host}]` : this.host;
    return `${this.secure ? 'https' : 'http'}://${host}:${this.port}`;
  }
}

function notAProxy(name: string): Error {
  return new Error(`${name}: not a proxy's address, expected http://host:port or https://host:port`);
}

/** RFC 7617: UTF-8, no colon in the user, no control characters. */
function basicCredentials({ username, password }: URL, name: string): string | undefined {
  if (username === '' && password === '') return undefined;
  const user = percentDecoded(username, name);
  const secret = percentDecoded(password, name);
  if (user.includes(':') || /\p{Cc}/u.test(user + secret)) {
    throw new Error(`${name}: the user or password holds a character that Basic authentication cannot carry`);
  }
  return `Basic ${Buffer.from(`${user}:${secret}`, 'utf8').toString('base64')}`;
}

function percentDecoded(text: string, name: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error(`${name}: the user or password is not percent-encoded, such as %25 for %`);
  }
}
