import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

/** A collector that keeps what it is sent (OTLP over HTTP). */
export class OtlpReceiver implements AsyncDisposable {
  readonly url: string;
  /** Values of the authorization header it has seen. */
  readonly authorization = new Set<string>();
  readonly #server: Server;
  readonly #bodies = new Map<string, Buffer[]>();

  private constructor(server: Server) {
    this.#server = server;
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the receiver has no port');
    this.url = `http://127.0.0.1:${address.port}`;
    server.on('request', async (request, response) => {
      const body = await buffer(request);
      const path = request.url ?? '';
      const bytes = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      this.#bodies.set(path, [...(this.#bodies.get(path) ?? []), bytes]);
      this.authorization.add(request.headers.authorization ?? '');
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  }

  static async start(): Promise<OtlpReceiver> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new OtlpReceiver(server);
  }

  /** All that came to a path. Names and texts stand in protobuf as they are. */
  bytes(path: string): Buffer {
    return Buffer.concat(this.#bodies.get(path) ?? []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
