import { expect, it } from 'vitest';
import { OwnBytes } from './own-bytes.ts';

it('alone on a connection, whatever leaves is its own', () => {
  const connection = { riderCount: 1, requestBytesWritten: 500, sharing: 1 };
  const own = new OwnBytes(connection);
  expect(own.look()).toBe(0);
  connection.requestBytesWritten += 20;
  expect(own.look()).toBe(20);
  expect(own.look()).toBe(20);
});

it('what left while others came and went is not counted, though nobody is there at either look', () => {
  const connection = { riderCount: 1, requestBytesWritten: 0, sharing: 1 };
  const own = new OwnBytes(connection);
  connection.requestBytesWritten += 300;
  connection.sharing += 2;
  expect(own.look()).toBe(0);
  connection.requestBytesWritten += 5;
  expect(own.look()).toBe(5);
});

it('beside others nothing is counted', () => {
  const connection = { riderCount: 2, requestBytesWritten: 0, sharing: 1 };
  const own = new OwnBytes(connection);
  connection.requestBytesWritten += 300;
  expect(own.look()).toBe(0);
});

it('answers to the peer that were estimated too large are no step back', () => {
  const connection = { riderCount: 1, requestBytesWritten: 100, sharing: 1 };
  const own = new OwnBytes(connection);
  connection.requestBytesWritten -= 30;
  expect(own.look()).toBe(0);
  connection.requestBytesWritten += 40;
  expect(own.look()).toBe(10);
});
