/** The origin behind a proxy: takes uploads, checks every byte, and keeps a list. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { filePart } from './file-part.ts';
import { ATTEMPT_HEADER, DIGEST_HEADER, type SeenRequest, UPLOAD_HEADER } from './traffic-log.ts';

export class UploadSink implements AsyncDisposable {
  readonly #socketPath: string;
  readonly #seen: { key: string; processed: boolean }[] = [];
  #server: Server;
  #diesAfterWork = false;
  #awaited: { readonly attempt: number; readonly come: () => void }[] = [];

  private constructor(socketPath: string) {
    this.#socketPath = socketPath;
    this.#server = this.#newServer();
  }

  /** Listens on a Unix socket, so that a restart cannot lose its address to somebody else. */
  static async start(socketPath: string): Promise<UploadSink> {
    const sink = new UploadSink(socketPath);
    await sink.#listen();
    return sink;
  }

  /** Every request that arrived, in the order of arrival. */
  get seen(): readonly SeenRequest[] {
    return this.#seen;
  }

  /** As when the origin is killed and started again: whatever was under way is cut off. */
  async restart(): Promise<void> {
    await this.#stop();
    this.#server = this.#newServer();
    await this.#listen();
  }

  /** The next upload is processed, and its connection dies before the answer. */
  dieAfterWork(): void {
    this.#diesAfterWork = true;
  }

  /** Waits for the next request that is its upload's attempt of this number or a later one: arrived, and not yet answered. */
  attempt(number: number): Promise<void> {
    return new Promise((come) => this.#awaited.push({ attempt: number, come }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }

  #newServer(): Server {
    return createServer((request, response) => {
      // A request that is cut off is in the list as one that was not processed.
      this.#take(request, response).catch(() => response.destroy());
    });
  }

  async #listen(): Promise<void> {
    this.#server.listen(this.#socketPath);
    await once(this.#server, 'listening');
  }

  async #stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const upload = String(request.headers[UPLOAD_HEADER]);
    const attempt = Number(request.headers[ATTEMPT_HEADER]);
    const entry = { key: `${upload}/${attempt}`, processed: false };
    this.#seen.push(entry);
    for (const { come } of this.#awaited.filter((one) => attempt >= one.attempt)) come();
    this.#awaited = this.#awaited.filter((one) => attempt < one.attempt);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const digest = createHash('sha256')
      .update(filePart(Buffer.concat(chunks)))
      .digest('hex');
    entry.processed = digest === request.headers[DIGEST_HEADER];
    if (this.#diesAfterWork) {
      this.#diesAfterWork = false;
      request.socket.destroy();
      return;
    }
    response.writeHead(entry.processed ? 200 : 422, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ id: upload }));
  }
}
