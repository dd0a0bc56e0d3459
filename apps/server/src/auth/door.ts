import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LoadedConfig } from '../config/load.ts';
import { accessCheck } from './access-hook.ts';
import { ApiKeyRing, configuredKeys } from './api-keys/api-key-ring.ts';
import { SessionTokens } from './session-token.ts';

const HOUR_MS = 3_600_000;

/** What guards the gateway, made before it takes its first request. */
export class Door {
  readonly apiKeys: ApiKeyRing;
  /** Undefined on a loopback gateway that asks for no key. */
  readonly sessions: SessionTokens | undefined;
  /** @throws GatewayError 401, 403 or 429. */
  readonly check: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

  constructor(loaded: LoadedConfig) {
    const { server, auth } = loaded.config;
    const key = auth.admin_key === undefined ? undefined : loaded.secrets.read(auth.admin_key);
    this.apiKeys = new ApiKeyRing(configuredKeys(loaded));
    this.sessions = key === undefined ? undefined : new SessionTokens(key, auth.session_h * HOUR_MS);
    this.check = accessCheck({
      host: server.host,
      requestsPerMinute: auth.requests_per_minute,
      admin: key === undefined || this.sessions === undefined ? undefined : { key, sessions: this.sessions },
      apiKeys: this.apiKeys,
    });
  }
}
