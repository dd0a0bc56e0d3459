import net, { type Socket } from 'node:net';
import { CongestionWindow } from './congestion-window.ts';
import { TimedQueue } from './timed-queue.ts';
import { listenTcp } from './tls-listener.ts';

/** How bytes travel in one direction. */
export interface Road {
  /** One-way delay in milliseconds. Default 0. */
  readonly delayMs?: number;
  /** Bytes per second, of each connection on its own. Default without limit. */
  readonly bytesPerSecond?: number;
  /**
   * Whether all connections have `bytesPerSecond` together, as they have an uplink: bytes leave in the order in which they came to it, so
   * that each connection's share is what it keeps waiting there. Default false.
   */
  readonly shared?: boolean;
  /** Each write, so each TCP segment, holds at most so many bytes. Default whatever arrives. */
  readonly sliceBytes?: number;
  /**
   * How many bytes may wait on the road before the sender is made to wait, as a router's queue would. Default without limit:
   * the sender then never feels how narrow the road is.
   */
  readonly queueBytes?: number;
  /**
   * The sender's congestion window, which the kernel of a real one would have: `firstWindowBytes` at once, twice as many every round
   * trip. Acknowledgements take as long as bytes do. Default: none. Loss is never simulated.
   */
  readonly slowStart?: { readonly firstWindowBytes: number };
}

export interface TcpProxyOptions {
  /** Where the connections go; loopback. */
  readonly to: URL;
  readonly toUpstream?: Road;
  readonly toClient?: Road;
  /** Closes a connection (FIN to both sides) on which nothing has moved for so long, in milliseconds. */
  readonly idleCloseMs?: number;
}

/** A TCP proxy on loopback: distance, narrow roads, and everything a load balancer does to idle connections. */
export interface TcpProxy {
  /** As `to`, with the proxy's port. */
  readonly url: URL;
  accepted(): number;
  openSockets(): number;
  /** Bytes taken from clients. */
  bytesFromClients(): number;
  /**
   * From now on the present connections take nothing and give nothing, and stay open: once the kernel's buffers are full
   * nothing moves. New ones work.
   */
  blackhole(): void;
  /** Lets the present connections, blackholed or not, notice again when a client closes. Nothing else moves. */
  listenForEnds(): void;
  /** The next bytes of a client on a present connection are answered with RST. */
  resetOnNextPacket(): void;
  /** RST to the clients of the present connections. */
  reset(): void;
  /** FIN to the clients of the present connections; what they send still goes on. */
  halfClose(): void;
  /** Puts bytes on the way to the clients of the present connections, where they do not belong. */
  inject(bytes: Uint8Array): void;
  /** From now on the roads have no delay, no limit and no slices: what waits on them leaves at once. */
  widen(): void;
  close(): Promise<void>;
}

/** The narrowest place of a road, on which one byte follows another. */
class Link {
  #freeAt = 0;

  /** When it has nothing more to do, by `performance.now()`. */
  free(): number {
    return Math.max(this.#freeAt, performance.now());
  }

  /** Takes bytes that need so long; returns when the last of them has passed. */
  pass(ms: number): number {
    this.#freeAt = this.free() + ms;
    return this.#freeAt;
  }
}

/** One direction of one connection: bytes leave in order, late and in slices as its road says. */
class Lane {
  readonly #from: Socket;
  readonly #to: Socket;
  #road: Road;
  #link: Link;
  readonly #underWay = new TimedQueue();
  readonly #acknowledgements = new TimedQueue();
  /** What the sender's congestion window holds back. */
  readonly #backlog: Buffer[] = [];
  #window: CongestionWindow | undefined;
  /** Bytes under way and held back. */
  #waiting = 0;
  #held = false;
  #ended = false;

  constructor(from: Socket, to: Socket, road: Road, link: Link) {
    this.#from = from;
    this.#to = to;
    this.#road = road;
    this.#link = link;
    const { slowStart, delayMs = 0 } = road;
    if (slowStart !== undefined) {
      this.#window = new CongestionWindow(slowStart.firstWindowBytes, 2 * delayMs);
    }
    to.on('drain', () => this.#hold());
  }

  carry(bytes: Buffer): void {
    this.#waiting += bytes.byteLength;
    this.#backlog.push(bytes);
    this.#release();
    this.#hold();
  }

  widen(): void {
    const { queueBytes } = this.#road;
    this.#road = queueBytes === undefined ? {} : { queueBytes };
    this.#window = undefined;
    this.#link = new Link();
    this.#release();
    this.#underWay.rush();
    this.#hold();
  }

  end(): void {
    this.#ended = true;
    this.#release();
  }

  stop(): void {
    this.#underWay.clear();
    this.#acknowledgements.clear();
    this.#backlog.length = 0;
  }

  /** Sends what the window has room for. */
  #release(): void {
    for (let bytes = this.#backlog[0]; bytes !== undefined; bytes = this.#backlog[0]) {
      const room = this.#window?.room(performance.now()) ?? bytes.byteLength;
      if (room === 0) return;
      const piece = bytes.subarray(0, room);
      if (piece.byteLength === bytes.byteLength) this.#backlog.shift();
      else this.#backlog[0] = bytes.subarray(room);
      this.#depart(piece);
    }
    if (!this.#ended) return;
    this.#ended = false;
    this.#underWay.push(this.#link.free() + (this.#road.delayMs ?? 0), () => this.#to.end());
  }

  #depart(bytes: Buffer): void {
    const { delayMs = 0, bytesPerSecond, sliceBytes = bytes.byteLength } = this.#road;
    let passedAt = this.#link.free();
    for (let at = 0; at < bytes.byteLength; at += sliceBytes) {
      const slice = bytes.subarray(at, at + sliceBytes);
      const takesMs = bytesPerSecond === undefined ? 0 : (slice.byteLength / bytesPerSecond) * 1000;
      passedAt = this.#link.pass(takesMs);
      this.#underWay.push(passedAt + delayMs, () => this.#write(slice));
    }
    const window = this.#window;
    if (window === undefined) return;
    window.sent(bytes.byteLength, performance.now());
    this.#acknowledgements.push(passedAt + 2 * delayMs, () => {
      window.acknowledged(bytes.byteLength);
      this.#release();
    });
  }

  #write(bytes: Buffer): void {
    this.#waiting -= bytes.byteLength;
    if (this.#to.writable) this.#to.write(bytes);
    this.#hold();
  }

  /** Lets the sender go on, or makes it wait. */
  #hold(): void {
    const { queueBytes } = this.#road;
    if (queueBytes === undefined) return;
    const full = this.#waiting + this.#to.writableLength > queueBytes;
    if (full === this.#held) return;
    this.#held = full;
    if (full) this.#from.pause();
    else this.#from.resume();
  }
}

interface Pair {
  readonly client: Socket;
  readonly upstream: Socket;
  mode: 'open' | 'blackhole' | 'reset-next';
  readonly lanes: readonly [Lane, Lane];
}

export async function tcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  let bytesFromClients = 0;
  const { toUpstream = {}, toClient = {} } = options;
  const uplink = new Link();
  const downlink = new Link();

  const join = (client: Socket): void => {
    const upstream = net.connect({ host: '127.0.0.1', port: Number(options.to.port), allowHalfOpen: true });
    const up = new Lane(client, upstream, toUpstream, toUpstream.shared === true ? uplink : new Link());
    const down = new Lane(upstream, client, toClient, toClient.shared === true ? downlink : new Link());
    const pair: Pair = { client, upstream, mode: 'open', lanes: [up, down] };
    pairs.add(pair);
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      if (options.idleCloseMs !== undefined) {
        socket.setTimeout(options.idleCloseMs, () => {
          client.end();
          upstream.end();
        });
      }
    }
    client.on('data', (bytes: Buffer) => {
      bytesFromClients += bytes.byteLength;
      if (pair.mode === 'reset-next') client.resetAndDestroy();
      else if (pair.mode === 'open') up.carry(bytes);
    });
    upstream.on('data', (bytes: Buffer) => {
      if (pair.mode !== 'blackhole') down.carry(bytes);
    });
    client.on('end', () => {
      if (pair.mode === 'blackhole') client.destroy();
      else up.end();
    });
    upstream.on('end', () => {
      if (pair.mode !== 'blackhole') down.end();
    });
    const part = (): void => {
      pairs.delete(pair);
      up.stop();
      client.destroy();
      upstream.destroy();
    };
    client.once('close', () => {
      down.stop();
      part();
    });
    upstream.once('close', (hadError) => {
      if (pair.mode === 'blackhole') return;
      if (hadError) client.resetAndDestroy();
      else down.end();
    });
  };

  const listener = await listenTcp(join);
  const url = new URL(options.to);
  url.port = listener.url.port;
  const each = (act: (pair: Pair) => void) => (): void => {
    for (const pair of pairs) act(pair);
  };
  return {
    url,
    accepted: listener.accepted,
    openSockets: listener.openSockets,
    bytesFromClients: () => bytesFromClients,
    blackhole: each((pair) => {
      pair.mode = 'blackhole';
      pair.client.pause();
      pair.upstream.pause();
    }),
    listenForEnds: each(({ client, mode }) => {
      if (mode === 'blackhole' && client.readableEnded) client.destroy();
      else client.resume();
    }),
    resetOnNextPacket: each((pair) => {
      pair.mode = 'reset-next';
    }),
    reset: each((pair) => pair.client.resetAndDestroy()),
    halfClose: each((pair) => pair.client.end()),
    inject(bytes) {
      each((pair) => pair.client.write(bytes))();
    },
    widen: each(({ lanes }) => {
      for (const lane of lanes) lane.widen();
    }),
    async close() {
      await listener.close();
      for (const pair of pairs) pair.upstream.destroy();
    },
  };
}
