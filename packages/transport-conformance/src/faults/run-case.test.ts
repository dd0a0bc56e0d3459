import { createLoopbackCertificate } from '@ferry/upstream-sim/peers';
import { expect, test } from 'vitest';
import { type Mistake, naiveTransport } from '../testing/naive-transport.ts';
import { runCase } from './run-case.ts';
import { FAULT_TABLE } from './table.ts';

/** What the suite finds in a transport with this mistake, in the case of that row whose title has these words. */
async function found(mistake: Mistake, row: number, words: string): Promise<readonly string[]> {
  const fault = FAULT_TABLE.find(
    (c) => c.row === row && c.protocols.includes('http/1.1') && c.title.includes(words),
  );
  if (fault === undefined || !('expect' in fault)) throw new Error(`no such case: ${row} ${words}`);
  const certificate = await createLoopbackCertificate();
  const make = naiveTransport(mistake);
  const result = await runCase(fault, { make, protocol: 'http/1.1', profile: 'FRESH', certificate });
  return [...result.findings, ...result.disagreements(fault.expect)];
}

test('a transport without a mistake passes', async () => {
  expect(await found('nothing', 34, 'FIN after the body')).toEqual([]);
  expect(await found('nothing', 43, 'ends with FIN')).toEqual([]);
});

test.each([
  ['resends', 34, 'FIN after the body', /should fail, answered 200/],
  ['resends', 34, 'FIN after the body', /one send\(\) put 2 requests on the wire/],
  ['says not-sent', 34, 'FIN after the body', /says not-sent, and the peer has the request/],
  ['says refused', 34, 'FIN after the body', /delivery should be unknown/],
  ['truncates', 43, 'ends with FIN', /should fail, answered 200/],
  ['throws anything', 34, 'FIN after the body', /threw something else/],
  ['leaks timers', 34, 'FIN after the body', /timers are left/],
  ['leaks listeners', 34, 'FIN after the body', /abort listeners are left/],
  ['leaks sockets', 34, 'FIN after the body', /sockets are open/],
] as const)('a transport that %s is found out', async (mistake, row, words, finding) => {
  expect(await found(mistake, row, words)).toContainEqual(expect.stringMatching(finding));
});
