/** What a request that came before means for this one. Pure. */

export interface Known {
  readonly fingerprint: string;
  readonly state: 'running' | 'billing' | 'answered' | 'unknown';
  /** Whether the instance that runs it still says so. */
  readonly leased: boolean;
}

export type Decision =
  /** Nothing is known of it. */
  | 'begin'
  /** Its instance died before anything was sent that is billed. */
  | 'take-over'
  | 'wait'
  | 'replay'
  /** Its instance died afterwards: whether it was billed nobody knows. */
  | 'give-up'
  | 'mismatch';

export function decide(known: Known | undefined, fingerprint: string): Decision {
  if (known === undefined) return 'begin';
  if (known.fingerprint !== fingerprint) return 'mismatch';
  switch (known.state) {
    case 'answered':
    case 'unknown':
      return 'replay';
    case 'running':
      return known.leased ? 'wait' : 'take-over';
    case 'billing':
      return known.leased ? 'wait' : 'give-up';
    default:
      return known.state satisfies never;
  }
}
