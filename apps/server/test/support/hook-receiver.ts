import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { text } from 'node:stream/consumers';

export interface HookPost {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Receives posts, and answers the first ones as told, the others 204. */
export class HookReceiver implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;
  readonly #posts: HookPost[] = [];
  readonly #waiting: ((post: HookPost) => void)[] = [];

  private constructor(server: Server, statuses: number[]) {
    this.#server = server;
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the receiver has no port');
    this.url = `http://127.0.0.1:${address.port}/hook`;
    server.on('request', async (request, response) => {
      const post = { path: request.url ?? '', headers: request.headers, body: await text(request) };
      response.writeHead(statuses.shift() ?? 204, { location: '/elsewhere' }).end();
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#posts.push(post);
      else waiting(post);
    });
  }

  static async start(...statuses: number[]): Promise<HookReceiver> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new HookReceiver(server, statuses);
  }

  /** The next post, now or later. */
  next(): Promise<HookPost> {
    const post = this.#posts.shift();
    return post === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(post);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
