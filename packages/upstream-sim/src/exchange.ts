import { setTimeout } from 'node:timers/promises';
import { type Answer, type ApiRequest, bodyLength, jsonAnswer } from './api/answer.ts';
import { bearerKey, keyAlias } from './api/key-alias.ts';
import type { Fault, Moment } from './faults/fault.ts';
import type { FaultQueue } from './faults/fault-queue.ts';
import { type Blow, strike } from './faults/strike.ts';
import { substituteAnswer } from './faults/substitute.ts';
import type { Ledger, LedgerEntry, LedgerRecord } from './ledger.ts';
import { BodyBrokenError, BodyMeter, type ReadPace } from './wire/body-meter.ts';
import type { Wire } from './wire/wire.ts';
import { drained, writeAnswer, writePartOfAnswer } from './wire/write-answer.ts';

export interface ExchangeContext {
  readonly api: { handle(request: ApiRequest): Promise<Answer> };
  readonly ledger: Ledger;
  readonly faults: FaultQueue;
  /** Hears of the simulator's own mistakes. */
  readonly onInternalError: (error: unknown) => void;
}

/** Where the middle of a body of unknown length is taken to be. Bytes. */
const MIDDLE_BYTES = 65_536;

/** A fault has ended the exchange; not an error, but the way out of whatever was going on. */
class EndedByFault extends Error {}

/** Serves one request from its headers to its end: ledger, fault, API, answer. Never rejects. */
export async function serveExchange(wire: Wire, context: ExchangeContext): Promise<LedgerEntry> {
  const exchange = new Exchange(wire, context);
  try {
    await exchange.run();
  } catch (error) {
    const expected = error instanceof EndedByFault || error instanceof BodyBrokenError || wire.over.aborted;
    if (!expected) {
      context.onInternalError(error);
      await writeAnswer(wire, jsonAnswer(500, { code: 'internal', error: 'The simulator failed' }));
    }
  }
  return exchange.settle();
}

class Exchange {
  readonly #wire: Wire;
  readonly #context: ExchangeContext;
  readonly #path: string;
  readonly #record: LedgerRecord;
  readonly #fault: Fault | undefined;
  readonly #ruleId: string;
  readonly #meter: BodyMeter;
  #ended = false;

  constructor(wire: Wire, context: ExchangeContext) {
    const { method, protocol, connection, streamId } = wire;
    this.#wire = wire;
    this.#context = context;
    this.#path = wire.target.split('?', 1)[0] ?? '/';
    const seen = { method, path: this.#path, protocol, connectionUse: connection.uses };
    const key = bearerKey(wire.headers.authorization);
    this.#record = context.ledger.open({
      ...seen,
      connectionId: connection.id,
      ...(streamId !== undefined && { streamId }),
      ...(key !== undefined && { keyAlias: keyAlias(key) }),
    });
    const due = context.faults.take(seen);
    this.#fault = due?.fault;
    this.#ruleId = due?.ruleId ?? '';
    this.#meter = new BodyMeter(
      this.#pace(),
      (bytesReceived) => this.#record.update({ bytesReceived }),
      () => this.#record.bodyIsWhole(),
    );
  }

  async run(): Promise<void> {
    const { over } = this.#wire;
    // Nobody waits any more: whoever still reads the body is to stop.
    const stop = (): void => void this.#meter.destroy(new BodyBrokenError());
    over.addEventListener('abort', stop, { once: true });
    try {
      await this.#serve(this.#fault);
    } finally {
      over.removeEventListener('abort', stop);
    }
  }

  /** Waits for the end of answer and body, then closes the ledger's entry. */
  async settle(): Promise<LedgerEntry> {
    await this.#over();
    // What was received in full may still be on its way through the meter.
    if (this.#meter.writableEnded && !this.#meter.destroyed)
      await drained(this.#meter).catch(() => undefined);
    this.#meter.destroy();
    const outcome = this.#ended ? 'faulted' : this.#wire.answered() ? 'answered' : 'aborted';
    this.#record.update({
      bytesReceived: this.#meter.bytes,
      bodySha256: this.#meter.sha256(),
      outcome,
    });
    return this.#record.entry;
  }

  async #serve(fault: Fault | undefined): Promise<void> {
    if (fault?.kind === 'status' && fault.when === 'early') return this.#answerEarly(fault);
    if (fault?.kind === 'silence' && !fault.readBody) return this.#silence();
    this.#strikeAt('before');

    this.#meter.consume(this.#wire);
    if (fault?.kind === 'silence') {
      await drained(this.#meter);
      return this.#silence();
    }
    const answer = await this.#act(fault);
    if (answer.work) this.#record.update({ work: answer.work });
    if (fault?.kind === 'delay') {
      this.#note(`answer held back for ${fault.ms} ms`);
      await setTimeout(fault.ms, undefined, { signal: this.#wire.over });
    }
    this.#strikeAt('after-body');
    await this.#write(answer);
  }

  async #act(fault: Fault | undefined): Promise<Answer> {
    if (fault?.kind === 'status') {
      await drained(this.#meter);
      this.#note(`status ${fault.status} in place of the answer`);
      return substituteAnswer(fault);
    }
    const { method, headers, authority, over } = this.#wire;
    return this.#context.api.handle({
      method,
      path: this.#path,
      headers,
      authority,
      body: this.#meter,
      signal: over,
    });
  }

  async #write(answer: Answer): Promise<void> {
    this.#record.update({ status: answer.status });
    const blow = this.#blowAt('after-headers');
    if (blow) {
      const bytes =
        (blow.kind === 'goaway' ? undefined : blow.afterBytes) ?? Math.floor(bodyLength(answer.body) / 2);
      await writePartOfAnswer(this.#wire, answer, bytes);
      this.#strike(blow, `after the headers and ${bytes} bytes of the answer`);
    }
    // What is left of a refused upload is read and thrown away, so that the connection serves the next request.
    this.#meter.resume();
    await writeAnswer(this.#wire, answer);
  }

  async #answerEarly(fault: Extract<Fault, { kind: 'status' }>): Promise<void> {
    this.#note(`status ${fault.status} before the body was read`);
    this.#record.update({ status: fault.status });
    if (!fault.thenReset) this.#meter.consume(this.#wire);
    this.#meter.resume();
    await writeAnswer(this.#wire, substituteAnswer(fault));
    if (fault.thenReset && !this.#wire.resetStream(0)) this.#wire.finConnection();
  }

  async #silence(): Promise<never> {
    this.#note('no answer');
    this.#ended = true;
    await this.#over();
    throw new EndedByFault();
  }

  #over(): Promise<void> {
    const { over } = this.#wire;
    if (over.aborted) return Promise.resolve();
    return new Promise((resolve) => over.addEventListener('abort', () => resolve(), { once: true }));
  }

  #pace(): ReadPace {
    const fault = this.#fault;
    if (fault?.kind === 'stall') {
      this.#note(`reads no further than ${fault.afterBytes} bytes`);
      return { stallAfterBytes: fault.afterBytes };
    }
    if (fault?.kind === 'slow-read') {
      this.#note(`reads ${fault.bytesPerSecond} bytes a second`);
      return { bytesPerSecond: fault.bytesPerSecond };
    }
    const blow = this.#blowAt('middle');
    if (!blow) return {};
    const length = Number(this.#wire.headers['content-length'] ?? 0);
    const bytes = blow.afterBytes ?? (Math.floor(length / 2) || MIDDLE_BYTES);
    return { mark: { bytes, onReached: (reached) => this.#strikeInBody(blow, reached) } };
  }

  /** The fault, if it is one that strikes the wire at this moment. */
  #blowAt(moment: Moment): Blow | undefined {
    const fault = this.#fault;
    const strikes = fault?.kind === 'rst' || fault?.kind === 'destroy' || fault?.kind === 'goaway';
    return strikes && fault.when === moment ? fault : undefined;
  }

  #strikeAt(moment: 'before' | 'after-body'): void {
    const blow = this.#blowAt(moment);
    if (blow) this.#strike(blow, moment === 'before' ? 'before the body was read' : 'in place of the answer');
  }

  #strikeInBody(blow: Blow, reached: number): void {
    try {
      this.#strike(blow, `after ${reached} body bytes`);
    } catch (error) {
      this.#meter.destroy(error as EndedByFault);
    }
  }

  #strike(blow: Blow, where: string): void {
    const { effect, ends } = strike(this.#wire, blow);
    this.#note(`${effect}, ${where}`);
    if (!ends) return;
    this.#ended = true;
    throw new EndedByFault();
  }

  #note(effect: string): void {
    if (this.#fault) this.#record.update({ fault: { ruleId: this.#ruleId, kind: this.#fault.kind, effect } });
  }
}
