import type { Socket } from 'node:net';
import type { Connector } from '../../connect/connector.ts';
import type { Clock } from '../../time/clock.ts';
import { type Instant, instant } from '../../time/instant.ts';
import type { RetireReason } from '../../transport/pool-event.ts';
import { AcquireFailure } from '../acquire-failure.ts';
import type { Connection, OpenRequest } from '../connection.ts';
import type { ConnectionLife } from '../connection-life.ts';

interface LineConnectionOptions extends OpenRequest {
  readonly id: string;
  readonly connector: Connector;
  readonly clock: Clock;
}

/** The least that a protocol needs to use the pool: a socket, and something that says whether it is alive. */
export class LineConnection implements Connection {
  readonly id: string;
  readonly closed: Promise<void>;
  readonly rttMs: number = 0;
  readonly peerMaxStreams: undefined;
  readonly assumedMaxStreams: number = 100;
  readonly peerIdleMs: number = Number.POSITIVE_INFINITY;
  readonly askedForCalm: boolean = false;
  heardAt: Instant;
  /** Whether a proof comes to an end. */
  answers = true;
  /** Whether that end is a good one. */
  provable = true;
  readonly #life: ConnectionLife;
  readonly #socket: Socket;
  readonly #clock: Clock;

  constructor({ id, origin, life, connector, clock }: LineConnectionOptions) {
    this.id = id;
    this.#life = life;
    this.#clock = clock;
    this.heardAt = instant(clock);
    const { socket, ready } = connector.connect(origin);
    this.#socket = socket;
    const opened = ready.then(
      () => void (life.goLive() || socket.destroy()),
      (error: unknown) => void life.close('socket', AcquireFailure.from(error)),
    );
    this.closed = new Promise((resolve) => {
      socket.once('close', async () => {
        if (life.state === 'connecting') await opened;
        life.close('socket');
        resolve();
      });
    });
  }

  async prove(): Promise<number> {
    await new Promise<void>((resolve) => {
      if (this.answers) setImmediate(resolve);
      else this.#socket.once('close', () => resolve());
    });
    if (!this.provable || this.#life.state === 'closed') throw new Error('it has ended');
    this.heardAt = instant(this.#clock);
    return 0;
  }

  end(reason: RetireReason): void {
    this.destroy(reason);
  }

  destroy(reason: RetireReason): void {
    this.#life.close(reason);
    this.#socket.destroy();
  }
}
