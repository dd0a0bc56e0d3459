import type { Clock, FallbackTransport, Protocol, ProxyOptions, ReusePolicy, Transport } from '@ferry/core';
import type { Expectation, ProfileName } from './expectation.ts';

/** What every transport tells about its connections; each may tell more. */
export interface ConformancePoolEvent {
  readonly type: 'opened' | 'reused' | 'proved' | 'retired' | 'closed';
  readonly connectionId: string;
  readonly reason?: string;
}

/** What the suite asks of a transport that it has made. */
export interface SubjectOptions {
  readonly policy: ReusePolicy;
  /** The one authority to trust, PEM. */
  readonly ca: string;
  readonly clock: Clock;
  readonly onPoolEvent: (event: ConformancePoolEvent) => void;
  /** The proxy that leads to every peer. Absent when the way is direct. */
  readonly proxy?: ProxyOptions;
}

/** Makes the transport under test. */
export type MakeTransport = (options: SubjectOptions) => Transport | FallbackTransport;

/** How the suite's peers are reached. */
export type Road = 'direct' | 'proxy';

/** A row in which the transport behaves otherwise than the table says, and why it may. */
export interface Difference {
  readonly row: number;
  /** Default all. */
  readonly profiles?: readonly ProfileName[];
  /** What holds instead. */
  readonly expect: Partial<Expectation>;
  /** For people; it goes into the report. */
  readonly because: string;
}

/** A row the transport does not pass yet. */
export interface KnownFailure {
  readonly row: number;
  /** Default all. */
  readonly profiles?: readonly ProfileName[];
  readonly because: string;
}

/** What a transport says about itself. What it does not say must hold. */
export interface TransportClaims {
  readonly protocol: Protocol;
  /**
   * URL of a module that exports `make`: the aborts that can hang a process are run in a child process, which has to make
   * the transport anew.
   */
  readonly module: string;
  /**
   * It speaks `protocol`, and goes over to HTTP/1.1 where that is the better road: `make` gives a `FallbackTransport`, and the
   * peers speak both protocols. Default false.
   */
  readonly fallsBack?: boolean;
  /** How peers are reached, default `direct`. `proxy`: through an HTTP proxy by CONNECT. */
  readonly road?: Road;
  /**
   * In a run of all tests only POOLED plays, and only the fault table; `FERRY_CONFORMANCE=full` has every profile play
   * everything. For what is made of parts that play everything themselves. Default false.
   */
  readonly brief?: boolean;
  /** A difference that no case needs fails the suite. */
  readonly differences?: readonly Difference[];
  /** A known failure that has become none fails the suite. */
  readonly knownFailures?: readonly KnownFailure[];
}
