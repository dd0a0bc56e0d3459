import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';

export interface IssuedSession {
  readonly token: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/**
 * Tokens that stand for the admin key in a browser: an expiry and a nonce, signed with a key derived from the admin key (RFC 5869).
 * Nothing is stored, so every instance accepts what another issued, a restart signs nobody out, and a new admin key signs everybody out.
 */
export class SessionTokens {
  readonly #key: Buffer;
  readonly #lifetimeMs: number;

  constructor(adminKey: string, lifetimeMs: number) {
    this.#key = Buffer.from(hkdfSync('sha256', adminKey, 'ferry', 'admin session 1', 32));
    this.#lifetimeMs = lifetimeMs;
  }

  issue(now: number = Date.now()): IssuedSession {
    const expiresAt = now + this.#lifetimeMs;
    const claims = `${expiresAt}.${randomBytes(12).toString('base64url')}`;
    return { token: `${claims}.${this.#sign(claims).toString('base64url')}`, expiresAt };
  }

  /** Whether it was signed here and has not expired. Takes anything: it comes from a header. */
  holds(token: string, now: number = Date.now()): boolean {
    const parts = /^(\d{1,15})\.([\w-]{16})\.([\w-]{43})$/.exec(token);
    if (parts === null) return false;
    const [, expiresAt, nonce, signature = ''] = parts;
    const expected = this.#sign(`${expiresAt}.${nonce}`);
    return timingSafeEqual(Buffer.from(signature, 'base64url'), expected) && Number(expiresAt) > now;
  }

  #sign(claims: string): Buffer {
    return createHmac('sha256', this.#key).update(claims).digest();
  }
}
