import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { PORT } from '../embedded/places.ts';

/** The road to a database, which can be cut and mended. */
export class Road implements AsyncDisposable {
  /** The database's address by this road. */
  readonly url: string;
  readonly #port: number;
  readonly #socket: string;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  private constructor(url: string, socket: string, server: Server) {
    this.#socket = socket;
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
    server.on('connection', (client) => this.#carry(client));
    const through = new URL(url);
    through.searchParams.delete('host');
    through.hostname = '127.0.0.1';
    through.port = String(this.#port);
    this.url = through.href;
  }

  /** @param url of a database behind a Unix socket, as `TestPostgres` gives it. */
  static async open(url: string): Promise<Road> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Road(url, `${new URL(url).searchParams.get('host')}/.s.PGSQL.${PORT}`, server);
  }

  /** Every connection breaks, and none is taken any more. */
  async cut(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async mend(): Promise<void> {
    const server = createServer((client) => this.#carry(client)).listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cut();
  }

  #carry(client: Socket): void {
    const database = connect(this.#socket);
    for (const socket of [client, database]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
    }
    client.pipe(database).pipe(client);
    client.on('close', () => database.destroy());
    database.on('close', () => client.destroy());
  }
}
