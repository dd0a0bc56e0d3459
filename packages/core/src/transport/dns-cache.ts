import dns, { type LookupAddress, type LookupOptions } from 'node:dns';
import { isIPv6, type LookupFunction } from 'node:net';
import { type Clock, systemClock } from '../time/clock.ts';

export interface DnsCacheOptions {
  /** How long an answer is used, in milliseconds. Default 30 000. `getaddrinfo` tells no TTL of its own. */
  readonly ttlMs?: number;
  /** Answers kept; the oldest goes first. Default 256. */
  readonly maxEntries?: number;
  /** Default the system's. */
  readonly clock?: Clock;
  /** Who is asked. Default `dns.lookup`. */
  readonly lookup?: LookupFunction;
}

/** A `lookup` for `net.connect` that remembers. */
export interface CachedLookup extends LookupFunction {
  /** The addresses of this name did not work: the next connection asks again. */
  forget(hostname: string): void;
}

interface Entry {
  readonly hostname: string;
  readonly addresses: readonly LookupAddress[];
  /** On both clocks: the monotonic one stands still while a machine is suspended, the wall clock may be set back. */
  readonly atMono: number;
  readonly atWall: number;
}

type Waiting = (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void;

const DEFAULT_TTL_MS = 30_000;
const DEFAULT_MAX_ENTRIES = 256;

/**
 * Name resolution for connections: an answer is used for `ttlMs`, those who ask for a name at the same time share one question,
 * and failures are not kept. `dns.lookup` is `getaddrinfo` on libuv's pool of four threads, where slow names hold up files.
 * The order of addresses is the resolver's; which one is taken is decided by happy eyeballs (RFC 8305).
 */
export function createCachedLookup(options: DnsCacheOptions = {}): CachedLookup {
  const { ttlMs = DEFAULT_TTL_MS, maxEntries = DEFAULT_MAX_ENTRIES, clock = systemClock } = options;
  const ask = options.lookup ?? dns.lookup;
  const entries = new Map<string, Entry>();
  const asking = new Map<string, Waiting[]>();

  const kept = (key: string): readonly LookupAddress[] | undefined => {
    const entry = entries.get(key);
    if (entry === undefined) return undefined;
    const age = Math.max(clock.now() - entry.atMono, clock.wallNow() - entry.atWall);
    if (age < ttlMs) return entry.addresses;
    entries.delete(key);
    return undefined;
  };

  const keep = (key: string, hostname: string, addresses: readonly LookupAddress[]): void => {
    entries.delete(key);
    entries.set(key, { hostname, addresses, atMono: clock.now(), atWall: clock.wallNow() });
    const oldest = entries.keys().next();
    if (entries.size > maxEntries && oldest.done !== true) entries.delete(oldest.value);
  };

  const resolve = (hostname: string, about: LookupOptions, then: Waiting): void => {
    const key = keyOf(hostname, about);
    const known = kept(key);
    if (known !== undefined) {
      // As `dns.lookup` does, never within the call.
      process.nextTick(then, null, known);
      return;
    }
    const others = asking.get(key);
    if (others !== undefined) {
      others.push(then);
      return;
    }
    const waiting = [then];
    asking.set(key, waiting);
    ask(hostname, { ...about, all: true }, (error, answer, family) => {
      asking.delete(key);
      const addresses = error === null ? listOf(answer, family) : [];
      if (addresses.length > 0) keep(key, hostname, addresses);
      for (const tell of waiting) tell(error, addresses);
    });
  };

  const lookup: LookupFunction = (hostname, about, callback) => {
    resolve(hostname, about, (error, addresses) => {
      const [first] = addresses;
      if (error !== null) callback(error, '', 0);
      else if (first === undefined) callback(notFound(hostname), '', 0);
      else if (about.all === true) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    });
  };
  return Object.assign(lookup, {
    forget(hostname: string) {
      for (const [key, entry] of entries) if (entry.hostname === hostname) entries.delete(key);
    },
  });
}

/** What changes the answer. `all` does not: everybody is asked for all. */
function keyOf(hostname: string, { family, hints, order, verbatim }: LookupOptions): string {
  return JSON.stringify([hostname, family, hints, order, verbatim]);
}

/** Some resolvers answer with one address whatever was asked. */
function listOf(answer: string | LookupAddress[], family: number | undefined): readonly LookupAddress[] {
  if (typeof answer !== 'string') return answer;
  return answer === '' ? [] : [{ address: answer, family: family ?? (isIPv6(answer) ? 6 : 4) }];
}

function notFound(hostname: string): NodeJS.ErrnoException {
  const about = { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname };
  return Object.assign(new Error('getaddrinfo ENOTFOUND: the answer held no address'), about);
}
