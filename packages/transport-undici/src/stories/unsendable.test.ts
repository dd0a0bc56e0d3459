import { POOLED } from '@ferry/core';
import { describe, expect, it } from 'vitest';
import type { RawConnection } from '../testing/raw-peer.ts';
import { failureOf, text, World } from '../testing/world.ts';

const world = new World();

/** Answers every request but the first of a connection, which is answered when the test says so. */
const holdingTheFirst = (connection: RawConnection) => {
  connection.settings();
  connection.on('whole', (id: number) => {
    if (id > 1) connection.answer(id);
  });
};

/** An upload that is under way on the one connection there is, and what became of it in the end. */
async function sharing() {
  const peer = await world.peer(holdingTheFirst);
  const subject = await world.transport({ ...POOLED, maxConnections: 1 });
  const sibling = subject.send(peer).then(text);
  sibling.catch(() => undefined);
  await expect.poll(() => peer.connections[0]?.sawEndStream(1)).toBe(true);
  const finish = (): Promise<string> => {
    peer.connections[0]?.answer(1);
    return sibling;
  };
  return { peer, subject, finish };
}

it.each([
  ['te', 'gzip'],
  ['http2-settings', 'AAMAAABkAAQAAP__'],
  ['expect', '100-continue'],
  ['trailer', 'x-checksum'],
])(
  'a request that names %s is sent without it, and disturbs nobody on its connection',
  async (name, value) => {
    const { peer, subject, finish } = await sharing();
    const response = await subject.send(peer, { method: 'GET', headers: { [name]: value, 'x-kept': 'yes' } });
    expect(await text(response)).toBe('ok');
    expect(await finish()).toBe('ok');
    expect(subject.of('retired')).toEqual([]);
  },
);

describe('a request that cannot be sent as it is', () => {
  it.each([
    ['whose header holds a character beyond Latin-1', { 'x-title': '\u4f60\u597d' }, 'acquire'],
    ['whose header holds a line break', { 'x-title': 'a\r\nx-more: b' }, 'acquire'],
    ['whose header name is no token', { 'x title': 'secret' }, 'acquire'],
    // Nothing before Node itself minds it.
    ['that Node refuses', { TE: 'gzip' }, 'request'],
  ])('%s fails alone, and its connection is used again', async (_, headers, phase) => {
    const { peer, subject, finish } = await sharing();
    const error = await failureOf(subject.send(peer, { method: 'GET', headers }));
    expect(error).toMatchObject({ kind: 'invalid-request', phase, delivery: 'not-sent', h2Code: undefined });
    expect(error.message).not.toContain(Object.values(headers)[0]);
    expect(await text(await subject.send(peer, { method: 'GET' }))).toBe('ok');
    expect(await finish()).toBe('ok');
    expect(subject.of('retired')).toEqual([]);
    expect(peer.connections).toHaveLength(1);
  });

  it('opens no connection to find that out', async () => {
    const peer = await world.peer(holdingTheFirst);
    const subject = await world.transport(POOLED);
    const error = await failureOf(subject.send(peer, { headers: { 'x-title': '\u4f60' } }));
    expect(error).toMatchObject({ kind: 'invalid-request', phase: 'acquire' });
    expect(subject.events).toEqual([]);
  });
});
