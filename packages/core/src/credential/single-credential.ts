import { type Credential, type CredentialSource, checkSecret } from './credential.ts';

/**
 * One key. It never rests: there is no other to use meanwhile, and the retry policy waits as the upstream asks.
 * @throws TypeError when the secret cannot be a header value.
 */
export function singleCredential(secret: string, alias = 'default'): CredentialSource {
  const credential: Credential = { alias, secret };
  checkSecret(credential);
  let inFlight = 0;
  let taken = 0;
  const source: CredentialSource = {
    outlook: (refused) => (refused.has(alias) ? { type: 'none' } : { type: 'ready' }),
    take(refused) {
      if (refused.has(alias)) return undefined;
      inFlight += 1;
      taken += 1;
      let held = true;
      return {
        credential,
        release() {
          if (held) inFlight -= 1;
          held = false;
        },
      };
    },
    only: () => source,
    list: () => [{ alias, state: 'ready', inFlight, restMs: 0, taken }],
  };
  return source;
}
