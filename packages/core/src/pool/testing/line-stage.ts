import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createConnector } from '../../connect/connector.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import type { PoolEvent } from '../../transport/pool-event.ts';
import type { ReusePolicy } from '../../transport/reuse-policy.ts';
import type { ProofKind } from '../connection.ts';
import { ConnectionPool } from '../connection-pool.ts';
import { LineConnection } from './line-connection.ts';

export type LinePool = ConnectionPool<LineConnection>;

/** Pools of the smallest protocol, a server that only listens, and a clock that only the test moves. */
export class LineStage {
  readonly clock: FakeClock = new FakeClock();
  readonly events: PoolEvent[] = [];
  /** Connections that were begun, in order. */
  readonly lines: LineConnection[] = [];
  readonly pools: LinePool[] = [];
  /** Connections that the server has accepted. */
  readonly sockets: Socket[] = [];
  readonly origin: URL;
  /** Called when the server accepts, and with each event. */
  onNews: () => void = () => undefined;
  readonly #server: Server;

  static async open(): Promise<LineStage> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new LineStage(server);
  }

  private constructor(server: Server) {
    this.#server = server;
    this.origin = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    server.on('connection', (socket: Socket) => {
      this.sockets.push(socket);
      socket.on('error', () => undefined).resume();
      this.onNews();
    });
  }

  pool(policy: ReusePolicy, proof: ProofKind = 'peer'): LinePool {
    const { clock } = this;
    const connector = createConnector({ alpn: 'http/1.1', clock });
    const pool = new ConnectionPool<LineConnection>({
      policy,
      proof,
      clock,
      onEvent: (event) => {
        this.events.push(event);
        this.onNews();
      },
      open: (request) => {
        const line = new LineConnection({
          ...request,
          id: `line-${this.lines.length + 1}`,
          connector,
          clock,
        });
        this.lines.push(line);
        return line;
      },
    });
    this.pools.push(pool);
    return pool;
  }

  async close(): Promise<void> {
    await Promise.all(this.pools.map((pool) => pool.close(0)));
    this.#server.close();
    await once(this.#server, 'close');
  }
}
