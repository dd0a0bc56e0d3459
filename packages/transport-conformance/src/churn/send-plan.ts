import type { Protocol } from '@ferry/core';
import type { Chance } from '@ferry/core/testing';
import { CODE } from '@ferry/upstream-sim/peers';

/** When the peer strikes: as soon as it knows which request it is, or when it has all of it. */
type Moment = 'begun' | 'whole';

/** `refuse`: the stream lies above its last stream. `graceful`: it is still answered. `error`: an error code, then FIN. */
export type GoawayMode = 'refuse' | 'graceful' | 'error';

/** What the peer does with one request. A closed set. */
export type PeerPlan =
  | { readonly do: 'answer'; readonly status: number; readonly afterTurns: number }
  /** Without waiting for the body. */
  | { readonly do: 'answer-early'; readonly status: number }
  | { readonly do: 'silence' }
  | { readonly do: 'end'; readonly how: 'fin' | 'rst'; readonly at: Moment }
  /** Half an answer, then the end. */
  | { readonly do: 'half'; readonly ends: 'fin' | 'rst' | 'reset' }
  | { readonly do: 'garbage' }
  | { readonly do: 'reset'; readonly code: number; readonly at: Moment }
  | { readonly do: 'refuse'; readonly at: Moment }
  | { readonly do: 'goaway'; readonly mode: GoawayMode };

/** One send and everything that will happen to it. */
export interface SendPlan {
  /** Written into the first four bytes of the body. */
  readonly id: number;
  readonly bytes: number;
  readonly knownLength: boolean;
  readonly peer: PeerPlan;
  /** Turns of the event loop until the caller aborts. */
  readonly abortAfterTurns?: number;
  /** Turns until the sender goes on to its next send. */
  readonly restTurns: number;
}

export function planSend(id: number, chance: Chance, protocol: Protocol): SendPlan {
  const bytes = chance.happens(0.05) ? chance.between(500_000, 2_000_000) : chance.between(4, 60_000);
  return {
    id,
    bytes,
    knownLength: chance.happens(0.8),
    peer: chance.happens(0.55) ? decent(chance) : fault(chance, protocol),
    ...(chance.happens(0.08) ? { abortAfterTurns: chance.between(0, 60) } : {}),
    restTurns: chance.happens(0.1) ? chance.between(20, 200) : chance.between(0, 5),
  };
}

function decent(chance: Chance): PeerPlan {
  const status = chance.pick([200, 200, 200, 201, 404, 429, 500]);
  return { do: 'answer', status, afterTurns: chance.happens(0.3) ? chance.between(1, 30) : 0 };
}

function fault(chance: Chance, protocol: Protocol): PeerPlan {
  const at = chance.pick<Moment>(['begun', 'whole']);
  const how = chance.pick<'fin' | 'rst'>(['fin', 'rst']);
  const common: readonly [PeerPlan, ...PeerPlan[]] = [
    { do: 'answer-early', status: chance.pick([200, 413]) },
    { do: 'silence' },
    { do: 'end', how, at },
    { do: 'half', ends: how },
    { do: 'garbage' },
  ];
  if (protocol !== 'h2') return chance.pick(common);
  const code = chance.pick([
    CODE.NO_ERROR,
    CODE.PROTOCOL_ERROR,
    CODE.INTERNAL_ERROR,
    CODE.CANCEL,
    CODE.ENHANCE_YOUR_CALM,
    CODE.HTTP_1_1_REQUIRED,
  ]);
  return chance.pick<PeerPlan>([
    ...common,
    { do: 'reset', code, at },
    { do: 'reset', code, at },
    { do: 'refuse', at },
    { do: 'refuse', at },
    { do: 'half', ends: 'reset' },
    { do: 'goaway', mode: chance.pick<GoawayMode>(['refuse', 'graceful', 'error']) },
    { do: 'goaway', mode: chance.pick<GoawayMode>(['refuse', 'graceful', 'error']) },
  ]);
}
