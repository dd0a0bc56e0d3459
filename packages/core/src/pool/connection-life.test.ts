import { expect, it } from 'vitest';
import type { ConnectionState } from '../transport/pool-event.ts';
import { ConnectionLife } from './connection-life.ts';

function life() {
  const states: ConnectionState[] = [];
  return { states, life: new ConnectionLife((state) => states.push(state)) };
}

it('goes from connecting to closed by way of live and retired', () => {
  const { life: subject, states } = life();
  expect([subject.goLive(), subject.retire('idle'), subject.close('socket')]).toEqual([true, true, true]);
  expect(states).toEqual(['live', 'retired', 'closed']);
});

it('keeps the first reason: what follows is a consequence', () => {
  const { life: subject } = life();
  subject.goLive();
  subject.retire('goaway');
  expect(subject.retire('stream-error')).toBe(false);
  subject.close('socket');
  expect(subject.reason).toBe('goaway');
});

it('retires a live connection on the way to closing it', () => {
  const { life: subject, states } = life();
  subject.goLive();
  expect(subject.close('socket')).toBe(true);
  expect(states).toEqual(['live', 'retired', 'closed']);
  expect(subject.reason).toBe('socket');
});

it('never comes back: a retired connection does not go live, a closed one does not retire', () => {
  const { life: subject } = life();
  expect(subject.retire('idle')).toBe(false);
  expect(subject.close('socket')).toBe(true);
  expect([subject.goLive(), subject.retire('idle'), subject.close('idle')]).toEqual([false, false, false]);
  expect(subject.state).toBe('closed');
});
