import type { Instant } from '../../time/instant.ts';
import type { ConnectionFacts } from '../admission.ts';

export const at = (ms: number): Instant => ({ mono: ms, wall: 1_700_000_000_000 + ms });

/** The moment at which the tables look. */
export const NOW: Instant = at(100_000);
const RECENT = at(99_900);
export const SILENT: Instant = at(90_000);

/** A connection at rest that was heard a moment ago. */
export const connection = (id: string, facts: Partial<ConnectionFacts> = {}): ConnectionFacts => ({
  id,
  state: 'live',
  connectingSince: RECENT,
  uses: 1,
  streams: 0,
  peerMaxStreams: 100,
  limitKnown: true,
  peerIdleMs: Number.POSITIVE_INFINITY,
  openedAt: at(80_000),
  usedAt: RECENT,
  heardAt: RECENT,
  proof: 'none',
  ...facts,
});

export const spare = (id: string): ConnectionFacts => connection(id, { uses: 0 });
export const opening = (id: string): ConnectionFacts => connection(id, { uses: 0, state: 'connecting' });
export const slowOpening = (id: string): ConnectionFacts =>
  connection(id, { uses: 0, state: 'connecting', connectingSince: SILENT });
