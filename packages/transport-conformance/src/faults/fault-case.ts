import type { Protocol, ReusePolicy } from '@ferry/core';
import type { TcpProxyOptions } from '@ferry/upstream-sim/peers';
import type { Expectation, ProfileName } from '../expectation.ts';
import type { SendOutcome } from '../stage/outcome.ts';
import type { Stage, Upload } from '../stage/stage.ts';

interface Case {
  /** The number in the fault table. */
  readonly row: number;
  /** A sentence; one row may have several. */
  readonly title: string;
  readonly protocols: readonly Protocol[];
  /** Default all. */
  readonly profiles?: readonly ProfileName[];
  /** Only for a transport that goes over to HTTP/1.1 by itself; its peers speak both protocols. */
  readonly fallsBack?: true;
  /** What holds instead of the design's table (`faults.md`), for every transport, and why. It goes into the report. */
  readonly differs?: string;
  /** Parts of the profile's policy to replace. */
  readonly policy?: Partial<ReusePolicy>;
  /** Through a proxy with such roads. */
  readonly proxy?: Omit<TcpProxyOptions, 'to'>;
  /** Without the upload that warms the profile up: the fault meets the very first connection. */
  readonly cold?: boolean;
}

/** One upload meets one fault; what must come of it is data. */
export interface Strike extends Case {
  /** Arms the peer. What it returns is the upload; default an ordinary one. */
  readonly produce: (stage: Stage) => Upload | void | Promise<Upload> | Promise<void>;
  readonly expect: Expectation;
  /** The uploads before it, which warms the profile up, and behind it. Default ordinary ones. */
  readonly others?: () => Upload;
  /** What else must be true afterwards, as findings. */
  readonly also?: (stage: Stage, outcome: SendOutcome) => void | Promise<void>;
}

/** A fault that takes more than one upload to tell. It reports through `stage.check`. */
interface Story extends Case {
  readonly story: (stage: Stage) => Promise<void>;
}

export type FaultCase = Strike | Story;

export const BOTH: readonly Protocol[] = ['h2', 'http/1.1'];
export const H2: readonly Protocol[] = ['h2'];
export const H1: readonly Protocol[] = ['http/1.1'];
