import { expect, test } from 'vitest';
import { callView } from '../telemetry/call-view.ts';
import { cursorOf, pageOf } from './call-page.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { endedCall, type TestCall } from './testing.ts';

const view = (call: TestCall) => callView(endedCall(call));
const ids = (calls: readonly { readonly id: string }[]) => calls.map(({ id }) => id);
const all = { operation: 'upload', limit: 10 } as const;

test('what memory and database both know is shown once, as memory knows it', () => {
  const running = { ...view({ id: 'upl_2', at: 2 }), state: 'running' };
  const page = pageOf([running], [view({ id: 'upl_1', at: 1 }), view({ id: 'upl_2', at: 2 })], all);
  expect(page.map(({ id, state }) => [id, state])).toEqual([
    ['upl_2', 'running'],
    ['upl_1', 'ok'],
  ]);
});

test('pages follow each other without a gap, also among calls that began together', () => {
  const calls = ['a', 'b', 'c', 'd'].map((id) => view({ id: `upl_${id}`, at: 7 }));
  const first = pageOf(calls, [], { ...all, limit: 2 });
  const [, last] = first;
  if (last === undefined) throw new Error('two calls');
  const before = readCursor(writeCursor(cursorOf(last)));
  expect(ids(first)).toEqual(['upl_d', 'upl_c']);
  expect(ids(pageOf(calls, [], { ...all, before }))).toEqual(['upl_b', 'upl_a']);
  expect(ids(pageOf(calls, [], { ...all, after: before, limit: 1 }))).toEqual(['upl_d']);
});

test('only what has the state that was asked for', () => {
  const calls = [view({ id: 'upl_1' }), view({ id: 'upl_2', outcome: 'failed' })];
  expect(ids(pageOf(calls, [], { ...all, state: 'failed' }))).toEqual(['upl_2']);
});

test.each(['', '12', '-upl_1', '12-xxx_1', "12-upl_1' or 1", '99999999999999999-upl_1'])(
  'a cursor that is none (%s) is refused',
  (text) => {
    expect(readCursor(text)).toBeUndefined();
  },
);
