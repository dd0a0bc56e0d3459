import type { Clock } from '../time/clock.ts';
import type { LogicalRequest } from './request.ts';

/** A page cannot show more, and an upload on a fast line would tell thousands. */
const INTERVAL_MS = 100;

/** Tells of an upload's progress, at most ten times a second, and always of its last byte. */
export class BytesSent {
  readonly #request: LogicalRequest;
  readonly #attempt: number;
  readonly #clock: Clock;
  #toldAt = Number.NEGATIVE_INFINITY;
  #told = 0;
  #sent = 0;

  constructor(request: LogicalRequest, attempt: number, clock: Clock) {
    this.#request = request;
    this.#attempt = attempt;
    this.#clock = clock;
  }

  update(bytesSent: number): void {
    this.#sent = bytesSent;
    const isLast = bytesSent === this.#request.body?.byteLength;
    if (isLast || this.#clock.now() - this.#toldAt >= INTERVAL_MS) this.#tell();
  }

  /** Tells what has not been told; for the end of an attempt. */
  flush(): void {
    this.#tell();
  }

  #tell(): void {
    if (this.#sent === this.#told) return;
    this.#toldAt = this.#clock.now();
    this.#told = this.#sent;
    const byteLength = this.#request.body?.byteLength;
    this.#request.onEvent?.({
      type: 'bytes-sent',
      attempt: this.#attempt,
      bytesSent: this.#sent,
      ...(byteLength === undefined ? {} : { byteLength }),
    });
  }
}
