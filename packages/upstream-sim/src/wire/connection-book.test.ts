import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { ConnectionBook } from './connection-book.ts';

test('clients of two addresses that have the same port are two connections, and both are closed', async () => {
  const book = new ConnectionBook();
  const server = createServer((socket) => book.add(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const join = async (localAddress: string, localPort = 0): Promise<Socket> => {
    const accepted = once(server, 'connection');
    const socket = connect({ port, host: '127.0.0.1', localAddress, localPort });
    socket.on('error', () => undefined);
    await Promise.all([accepted, once(socket, 'connect')]);
    return socket;
  };
  const first = await join('127.0.0.1');
  const second = await join('127.0.0.2', first.localPort);
  const [one, two] = [first, second].map(
    (socket) => book.find({ remoteAddress: socket.localAddress, remotePort: socket.localPort })?.id,
  );
  expect([one, two]).toEqual(['c1', 'c2']);
  const closed = once(server, 'close');
  server.close();
  book.destroyAll();
  await closed;
}, 10_000);
