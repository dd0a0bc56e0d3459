import { expect, it } from 'vitest';
import { MemoryFeed } from './memory-feed.ts';

/** A feed of `byteLength` bytes into a stream that takes a piece when the test says so. */
function feed(byteLength: number, pieceBytes: number) {
  const bytes = Uint8Array.from({ length: byteLength }, (_, index) => index);
  const taken = { pieces: 0 };
  const told: (readonly [bytes: number, first: boolean])[] = [];
  const feed = new MemoryFeed(bytes, {
    pieceBytes: () => pieceBytes,
    onPieceTaken() {
      taken.pieces += 1;
    },
    onPieceWritten: (count, first) => told.push([count, first]),
  });
  const written: number[][] = [];
  let onTaken: ((error?: Error | null) => void) | undefined;
  const sink = {
    writable: true,
    ended: false,
    write(piece: Uint8Array, callback: (error?: Error | null) => void) {
      written.push([...piece]);
      onTaken = callback;
    },
    end(piece: Uint8Array) {
      written.push([...piece]);
      sink.ended = true;
    },
  };
  return { feed, sink, taken, told, written, take: (error?: Error) => onTaken?.(error) };
}

it('hands over one piece after the other, and the end with the last', () => {
  const { feed: body, sink, written, told, take } = feed(5, 2);
  body.start(sink);
  expect(written).toEqual([[0, 1]]);
  take();
  expect(sink.ended).toBe(false);
  take();
  expect(written).toEqual([[0, 1], [2, 3], [4]]);
  expect(sink.ended).toBe(true);
  expect(told).toEqual([
    [2, true],
    [2, false],
    [1, false],
  ]);
});

it('tells of each piece that was taken, but for the last', () => {
  const { feed: body, sink, taken, take } = feed(6, 2);
  body.start(sink);
  expect(taken.pieces).toBe(0);
  take();
  expect(taken.pieces).toBe(1);
  take();
  expect(taken.pieces).toBe(2);
  expect(sink.ended).toBe(true);
});

it.each([
  ['it was told to stop', ({ feed: body }: ReturnType<typeof feed>) => body.stop()],
  [
    'the stream takes nothing any more',
    ({ sink }: ReturnType<typeof feed>) => {
      sink.writable = false;
    },
  ],
])('hands over nothing once %s', (_, happen) => {
  const made = feed(6, 2);
  made.feed.start(made.sink);
  happen(made);
  made.take();
  expect(made.written).toEqual([[0, 1]]);
  expect(made.told).toEqual([[2, true]]);
});

it('hands over nothing after a piece that was not taken', () => {
  const { feed: body, sink, taken, written, take } = feed(6, 2);
  body.start(sink);
  take(new Error('the stream was reset'));
  expect(written).toEqual([[0, 1]]);
  expect(taken.pieces).toBe(0);
});
