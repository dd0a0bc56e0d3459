import type { PoolEvent } from '@ferry/core';
import { expect, test } from 'vitest';
import { RecentConnections } from './recent-connections.ts';
import type { ConnectionEvent } from './telemetry-event.ts';

const told = (at: number, event: PoolEvent): ConnectionEvent => ({
  type: 'connection',
  at,
  provider: 'xai',
  use: 'isolated',
  protocol: 'h2',
  event,
});
const opened = (connectionId: string, at = 0) =>
  told(at, { type: 'opened', at, connectionId, origin: 'https://api.x.ai', ahead: true });
const closed = (connectionId: string, at: number, uses = 1) =>
  told(at, { type: 'closed', at, connectionId, origin: 'https://api.x.ai', uses, ageMs: at });

test('a connection that was closed is told of with its uses and why it was retired', () => {
  const recent = new RecentConnections(10);
  recent.hear(opened('c1', 100));
  recent.hear(
    told(200, { type: 'reused', at: 200, connectionId: 'c1', origin: 'https://api.x.ai', uses: 2 }),
  );
  recent.hear(
    told(300, { type: 'retired', at: 300, connectionId: 'c1', origin: 'https://api.x.ai', reason: 'goaway' }),
  );
  expect(recent.closed()).toEqual([]);
  recent.hear(closed('c1', 400, 2));
  expect(recent.closed()).toMatchObject([
    { id: 'c1', openedAt: 100, ahead: true, uses: 2, retireReason: 'goaway', closedAt: 400 },
  ]);
});

test('the last closed ones are kept, newest first, and no more than asked for', () => {
  const recent = new RecentConnections(2);
  for (const id of ['c1', 'c2', 'c3']) {
    recent.hear(opened(id));
    recent.hear(closed(id, 1));
  }
  expect(recent.closed().map(({ id }) => id)).toEqual(['c3', 'c2']);
});

test('what is told of a connection that was never opened here is left out', () => {
  const recent = new RecentConnections(2);
  recent.hear(closed('c9', 1));
  expect(recent.closed()).toEqual([]);
});
