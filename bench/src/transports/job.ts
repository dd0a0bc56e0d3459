import type { VariantName } from './variants.ts';

/** Where the uploads go. */
export interface Target {
  readonly url: string;
  /** The authority that signed the server's certificate. */
  readonly caPem: string;
  /** What `Trust` calls a bundle, as PEM text; see `makeBundle`. */
  readonly bundlePem?: string;
}

/**
 * What a client trusts. `default`: Node's roots and the server's authority, for all libraries alike. `bundle`: these and some
 * more, handed over as PEM text, as with a `ca` option.
 */
export type Trust = 'default' | 'bundle';

/** Uploads one after another, `atOnce` of them side by side, measured as often as it is asked for. */
export interface LoadJob {
  readonly type: 'load';
  readonly variant: VariantName;
  readonly target: Target;
  readonly trust: Trust;
  readonly bodyBytes: number;
  readonly atOnce: number;
  readonly warmUpMs: number;
  /** Record a V8 CPU profile of the measured time. */
  readonly profile: boolean;
  /** The module of another build of the transport, for the variants `…-baseline`. */
  readonly baseline: string | undefined;
}

/** Single uploads with a pause before each, so that spares are ready and connections rest. */
export interface SpacedJob {
  readonly type: 'spaced';
  readonly variant: VariantName;
  readonly target: Target;
  readonly trust: Trust;
  readonly bodyBytes: number;
  readonly uploads: number;
  readonly pauseMs: number;
}

/** One upload of `bodyBytes` from a generator; nobody ever holds it whole. */
export interface StreamJob {
  readonly type: 'stream';
  readonly variant: VariantName;
  readonly target: Target;
  readonly bodyBytes: number;
}

/** What the server, or the road to it, does to uploads. */
export type Trouble =
  /** At every so many requests, in the middle of the body: RST_STREAM PROTOCOL_ERROR; over HTTP/1.1 the connection is reset. */
  | { readonly kind: 'stream-reset'; readonly every: number }
  /** The connection that carries it is reset, with all that is on it. */
  | { readonly kind: 'connection-dies'; readonly every: number }
  /** Connections that rest are forgotten on the way: nothing is told, and nothing passes any more. */
  | { readonly kind: 'silent-drop' };

/** Uploads while things go wrong: each is counted, whether it arrives or not. */
export interface FireJob {
  readonly type: 'fire';
  readonly variant: VariantName;
  readonly target: Target;
  readonly trouble: Trouble;
  readonly bodyBytes: number;
  readonly atOnce: number;
  readonly warmUps: number;
  readonly uploads: number;
  /** For connections that are dropped silently: how long they rest before. */
  readonly restMs: number;
  /** What a caller waits for an answer before the upload counts as lost. */
  readonly patienceMs: number;
}

export type Job = LoadJob | SpacedJob | StreamJob | FireJob;

/** What uploads took. */
export interface Cost {
  /** Body bytes of those uploads. */
  readonly bytes: number;
  readonly ms: number;
  /** User and system time of the whole client process. */
  readonly cpuMs: number;
}

/** What a client process has measured of itself. */
export interface Measured extends Cost {
  readonly uploads: number;
  /** The largest resident set in the life of the process. */
  readonly peakRssBytes: number;
  /** Of each upload of a load, and of a spaced job. */
  readonly latenciesMs: readonly number[];
  /** Uploads of a fire job that failed, or were not answered in time. */
  readonly failures?: number;
  /** Where it was measured in turns with others: each of them. */
  readonly turns?: readonly Cost[];
  /** The V8 CPU profile as JSON. */
  readonly profile?: string;
}

/** What the sink answers to an upload, to the letter: a client that sent less, or spoke something else, is found out. */
export function expectedAnswer(bytes: number, httpVersion: '1.1' | '2.0'): string {
  return `{"bytes":${bytes},"httpVersion":"${httpVersion}"}`;
}
