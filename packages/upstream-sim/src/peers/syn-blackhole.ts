import net, { type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/** Listens, says where, and then blocks its thread: nobody ever accepts. */
const DEAF_LISTENER = `
  const { parentPort, workerData } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ port: workerData.port, host: workerData.host, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(new Int32Array(workerData.gate), 0, 0);
    process.exit();
  });
`;

/** Connections the kernel completes although nobody accepts: backlog + 1 on Linux, a few more to be safe. */
const FILLERS = 4;

export interface SynBlackholeOptions {
  /** An address of the loopback network. Default 127.0.0.1. */
  readonly host?: string;
  /** Default one that is free. */
  readonly port?: number;
}

export interface SynBlackhole {
  readonly url: URL;
  close(): Promise<void>;
}

/**
 * A port whose SYNs are never answered, without a firewall: its backlog is full and nobody accepts, so Linux drops further
 * SYNs in silence.
 */
export async function synBlackhole({
  host = '127.0.0.1',
  port: wanted = 0,
}: SynBlackholeOptions = {}): Promise<SynBlackhole> {
  const gate = new SharedArrayBuffer(4);
  const worker = new Worker(DEAF_LISTENER, { eval: true, workerData: { gate, host, port: wanted } });
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  const fillers: Socket[] = [];
  for (let i = 0; i < FILLERS; i += 1) {
    const socket = net.connect(port, host);
    socket.on('error', () => undefined);
    fillers.push(socket);
  }
  // The first ones connect because the kernel does it alone; the queue is full once they have.
  await new Promise<void>((resolve) => {
    let connected = 0;
    for (const socket of fillers) {
      socket.once('connect', () => {
        connected += 1;
        if (connected === 2) resolve();
      });
    }
  });
  return {
    url: new URL(`https://localhost:${port}/upload`),
    async close() {
      for (const socket of fillers) socket.destroy();
      const view = new Int32Array(gate);
      Atomics.store(view, 0, 1);
      Atomics.notify(view, 0);
      await worker.terminate();
    },
  };
}
