import { expect, test } from 'vitest';
import { socketFolder } from './places.ts';

test('the socket stands beside the data while its path is short enough for the system', () => {
  expect(socketFolder('/srv/ferry/postgres', '/tmp')).toBe('/srv/ferry/postgres/run');
});

test('a long path, counted in bytes, moves the socket to the temporary folder, one for each data folder', () => {
  const home = (name: string): string => `/srv/${name.repeat(45)}/postgres`;
  const [first, second] = [socketFolder(home('ä'), '/tmp'), socketFolder(home('ö'), '/tmp')];
  expect(first).toMatch(/^\/tmp\/ferry-postgres-[0-9a-f]{16}$/);
  expect(second).not.toBe(first);
});
