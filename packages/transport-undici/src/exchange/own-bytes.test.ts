import { expect, it } from 'vitest';
import { OwnBytes } from './own-bytes.ts';
import { FAR_BYTES } from './piece-size.ts';

/** A body that has a piece in hand. */
const body = { handed: 100, taken: 0 };

it('alone on a connection, whatever leaves is its own', () => {
  const connection = { riderCount: 1, requestBytesWritten: 500, sharing: 1 };
  const own = new OwnBytes(connection);
  expect(own.look(body)).toBe(0);
  connection.requestBytesWritten += 20;
  expect(own.look(body)).toBe(20);
  expect(own.look(body)).toBe(20);
});

it('what left while others came and went is not counted, though nobody is there at either look', () => {
  const connection = { riderCount: 1, requestBytesWritten: 0, sharing: 1 };
  const own = new OwnBytes(connection);
  connection.requestBytesWritten += 300;
  connection.sharing += 2;
  expect(own.look(body)).toBe(0);
  connection.requestBytesWritten += 5;
  expect(own.look(body)).toBe(5);
});

it('beside others, what leaves is its own until each of them can have sent a piece', () => {
  const connection = { riderCount: 2, requestBytesWritten: 0, sharing: 1 };
  const own = new OwnBytes(connection);
  connection.requestBytesWritten += 300;
  expect(own.look(body)).toBe(300);
  connection.requestBytesWritten += 3 * FAR_BYTES;
  expect(own.look(body)).toBe(2 * FAR_BYTES);
  connection.requestBytesWritten += 300;
  expect(own.look(body)).toBe(2 * FAR_BYTES);
  connection.requestBytesWritten += 300;
  expect(own.look({ handed: 200, taken: 100 })).toBe(2 * FAR_BYTES + 300);
});

it('beside others nothing is its own while it has nothing in hand, or when they come and go', () => {
  const connection = { riderCount: 2, requestBytesWritten: 0, sharing: 1 };
  const own = new OwnBytes(connection);
  connection.requestBytesWritten += 300;
  expect(own.look({ handed: 100, taken: 100 })).toBe(0);
  connection.requestBytesWritten += 300;
  connection.sharing += 1;
  expect(own.look(body)).toBe(0);
});

it('answers to the peer that were estimated too large are no step back', () => {
  const connection = { riderCount: 1, requestBytesWritten: 100, sharing: 1 };
  const own = new OwnBytes(connection);
  connection.requestBytesWritten -= 30;
  expect(own.look(body)).toBe(0);
  connection.requestBytesWritten += 40;
  expect(own.look(body)).toBe(10);
});
