import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { IMG2IMG, type Reply } from './form.ts';

const BOUNDARY = 'slow';

export interface SlowForm {
  /** The bytes of the image's part. */
  readonly image: Uint8Array;
  /** Absent for an image that is given as text. */
  readonly filename?: string;
  readonly before?: Readonly<Record<string, string>>;
  readonly after?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A caller whose hand is held: it sends as much of its image as it is told to, and the rest when it is told to. */
export class SlowClient implements Disposable {
  readonly #form: SlowForm;
  readonly #request: ClientRequest;
  readonly #response: Promise<IncomingMessage>;
  readonly #continued: Promise<void>;
  #sent = 0;

  constructor(url: string, form: SlowForm) {
    this.#form = form;
    const opening = Buffer.from(`${fields(form.before)}--${BOUNDARY}\r\n${imageHead(form.filename)}`);
    this.#request = request(`${url}${IMG2IMG}`, {
      method: 'POST',
      agent: false,
      headers: {
        ...form.headers,
        'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
        'content-length': opening.byteLength + form.image.byteLength + this.#closing.byteLength,
      },
    });
    this.#response = once(this.#request, 'response').then(([response]) => response);
    this.#response.catch(() => undefined);
    this.#continued = once(this.#request, 'continue').then(() => undefined);
    this.#continued.catch(() => undefined);
    if (form.headers?.expect === undefined) this.#request.write(opening);
    else {
      this.#request.flushHeaders();
      this.#continued.then(() => this.#request.write(opening)).catch(() => undefined);
    }
  }

  /** Sends the image up to here. Resolves when it has left this process. */
  async sendUntil(at: number): Promise<void> {
    const bytes = this.#form.image.subarray(this.#sent, at);
    this.#sent = at;
    await new Promise<void>((resolve, reject) => {
      this.#request.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Waits until it is told to go on (`Expect: 100-continue`). */
  async continued(): Promise<void> {
    await this.#continued;
  }

  /** Sends what is left of the form. */
  finish(): void {
    this.#request.write(this.#form.image.subarray(this.#sent));
    this.#request.end(this.#closing);
  }

  async text(): Promise<string> {
    return await text(await this.#response);
  }

  async reply(): Promise<Pick<Reply, 'status' | 'body'>> {
    const { statusCode = 0 } = await this.#response;
    return { status: statusCode, body: JSON.parse(await this.text()) as Reply['body'] };
  }

  /** Goes away without a word. */
  leave(): void {
    this.#request.destroy();
  }

  [Symbol.dispose](): void {
    this.leave();
  }

  get #closing(): Buffer {
    return Buffer.from(`\r\n${fields(this.#form.after)}--${BOUNDARY}--\r\n`);
  }
}

const fields = (values: Readonly<Record<string, string>> = {}): string =>
  Object.entries(values)
    .map(
      ([name, value]) =>
        `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    )
    .join('');

const imageHead = (filename: string | undefined): string =>
  filename === undefined
    ? 'content-disposition: form-data; name="image"\r\n\r\n'
    : `content-disposition: form-data; name="image"; filename="${filename}"\r\n\r\n`;
