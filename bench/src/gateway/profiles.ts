/** Ways to set up the gateway. */
export type ProfileName =
  | 'undici-fresh'
  | 'undici-prewarmed'
  | 'undici-pooled'
  | 'http1-fresh'
  | 'http1-keepalive'
  | 'auto';

export interface Profile {
  readonly label: string;
  /** The gateway's environment for so many requests at once. */
  readonly environment: (atOnce: number) => Readonly<Record<string, string>>;
}

const none = (): number => 0;
const byDefault = (): number => 2;
/** As many as are used at once; the most that Ferry's configuration takes is 32. */
const asMany = (atOnce: number): number => Math.min(32, Math.max(2, atOnce));

function profile(
  label: string,
  transport: string,
  reuseSession: boolean,
  spares: (atOnce: number) => number,
): Profile {
  return {
    label,
    environment: (atOnce) => ({
      FERRY_UPLOAD__TRANSPORT: transport,
      FERRY_UPLOAD__REUSE_SESSION: String(reuseSession),
      FERRY_POOL__SPARES: String(spares(atOnce)),
    }),
  };
}

export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  'undici-fresh': profile('HTTP/2, fresh', 'undici', false, none),
  'undici-prewarmed': profile('HTTP/2, prewarmed', 'undici', false, asMany),
  'undici-pooled': profile('HTTP/2, pooled', 'undici', true, none),
  'http1-fresh': profile('HTTP/1.1, fresh', 'http1', false, none),
  'http1-keepalive': profile('HTTP/1.1, keep-alive', 'http1', true, none),
  auto: profile('auto, the defaults', 'auto', false, byDefault),
};

export const PROFILE_NAMES: readonly ProfileName[] = Object.keys(PROFILES).filter(isProfile);

export function isProfile(name: string): name is ProfileName {
  return Object.hasOwn(PROFILES, name);
}

/** What the profiles are compared with: the same two requests by one client, straight to the upstream. */
export const DIRECT = { name: 'direct', label: 'direct, no gateway' } as const;
