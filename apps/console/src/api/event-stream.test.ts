import { describe, expect, it } from 'vitest';
import { eventStreamParser } from './event-stream.ts';

const parse = (...pieces: string[]) => {
  const push = eventStreamParser();
  return pieces.flatMap((piece) => push(piece));
};

describe('an event stream', () => {
  it('gives an event as soon as its blank line has come', () => {
    expect(parse('event: accepted\ndata: {"a":1}\n\n')).toEqual([{ name: 'accepted', data: '{"a":1}' }]);
  });

  it('reads the same events however the text is cut', () => {
    const text = ': hello\nevent: one\r\ndata: 1\r\n\r\nevent:two\rdata:2\r\rdata: x\ndata: y\nid: 7\n\n';
    const whole = [
      { name: 'one', data: '1' },
      { name: 'two', data: '2' },
      { name: 'message', data: 'x\ny' },
    ];
    for (let cut = 0; cut <= text.length; cut += 1) {
      expect(parse(text.slice(0, cut), text.slice(cut))).toEqual(whole);
    }
    expect(parse(...text)).toEqual(whole);
  });

  it('ignores comments, unknown fields and blank lines without data', () => {
    expect(parse(':keep-alive\n\n', 'retry: 5\n\n', 'event: empty\n\n')).toEqual([]);
  });

  it('takes one space after the colon away and keeps the rest', () => {
    expect(parse('data:  two spaces\n\n', 'data\n\n')).toEqual([
      { name: 'message', data: ' two spaces' },
      { name: 'message', data: '' },
    ]);
  });

  it('drops a byte order mark and an event that was cut off', () => {
    expect(parse('\uFEFFdata: kept\n\ndata: cut off\n')).toEqual([{ name: 'message', data: 'kept' }]);
  });
});
