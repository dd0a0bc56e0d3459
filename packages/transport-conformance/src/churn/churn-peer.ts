import { CODE, type PeerRequest, type RawH2Connection, type RawH2Stream } from '@ferry/upstream-sim/peers';
import { turns } from '../stage/eventually.ts';
import type { Stage } from '../stage/stage.ts';
import type { GoawayMode, PeerPlan, SendPlan } from './send-plan.ts';

/** What the peer knows about one send. */
export interface LedgerEntry {
  /** Requests that carried its id. More than one is a resend. */
  requests: number;
  /** The last of them. */
  request: PeerRequest;
  /** The peer did something because of it: what it refused it never acts on. */
  acted: boolean;
  /** The status of a whole answer. */
  status?: number;
}

/** What a whole answer to this send says. */
export function answerText(id: number): string {
  return `done ${id}`;
}

/** Plays the peer's side of a churn and keeps the books. */
export class ChurnPeer {
  readonly ledger: Map<number, LedgerEntry> = new Map();
  readonly #stage: Stage;
  readonly #plans: readonly SendPlan[];
  readonly #known = new WeakMap<PeerRequest, SendPlan>();
  /** Streams above this one were refused by GOAWAY: acting on them would make the peer a liar. */
  readonly #goneAbove = new WeakMap<RawH2Connection, number>();

  constructor(stage: Stage, plans: readonly SendPlan[]) {
    this.#stage = stage;
    this.#plans = plans;
    for (const peer of stage.peers) {
      peer.always({
        data: (request) => this.#begun(request),
        whole: (request) => this.#whole(request),
      });
    }
  }

  #begun(request: PeerRequest): void {
    if (request.start.byteLength < 4 || this.#known.has(request)) return;
    const plan = this.#plans[request.start.readUInt32BE(0)];
    if (plan === undefined) throw new Error('a request with an id that nobody sent');
    this.#known.set(request, plan);
    const before = this.ledger.get(plan.id);
    this.ledger.set(plan.id, {
      requests: (before?.requests ?? 0) + 1,
      request,
      acted: before?.acted ?? false,
    });
    if (this.#isRefused(request)) return;
    const peer = this.#planFor(request, plan);
    if (peer.do === 'answer-early') this.#answer(request, plan, peer.status);
    if (peer.do === 'end' && peer.at === 'begun') request[peer.how]();
    if (peer.do === 'reset' && peer.at === 'begun') this.#stream(request).reset(peer.code);
    if (peer.do === 'refuse' && peer.at === 'begun') this.#stream(request).reset(CODE.REFUSED_STREAM);
  }

  #whole(request: PeerRequest): void {
    const plan = this.#known.get(request);
    if (plan === undefined || this.#isRefused(request)) return;
    const peer = this.#planFor(request, plan);
    if (peer.do === 'refuse') {
      if (peer.at === 'whole') this.#stream(request).reset(CODE.REFUSED_STREAM);
      return;
    }
    if (peer.do === 'goaway') {
      this.#goAway(request, plan, peer.mode);
      return;
    }
    // From here on it has been acted upon, whatever becomes of the answer.
    this.#act(plan);
    this.#answerBadly(request, plan, peer);
  }

  #answerBadly(request: PeerRequest, plan: SendPlan, peer: PeerPlan): void {
    switch (peer.do) {
      case 'answer':
        if (peer.afterTurns === 0) this.#answer(request, plan, peer.status);
        else void turns(peer.afterTurns).then(() => this.#answer(request, plan, peer.status));
        break;
      case 'end':
        if (peer.at === 'whole') request[peer.how]();
        break;
      case 'half':
        request.answerPart('do', answerText(plan.id).length);
        if (peer.ends === 'reset') this.#stream(request).reset(CODE.NO_ERROR);
        else request[peer.ends]();
        break;
      case 'garbage':
        if (this.#streamOf(request) !== undefined) this.#stream(request).on.send(Buffer.alloc(40, 0xee));
        else this.#stage.h1.requests.find((r) => r === request)?.write('NONSENSE\r\n\r\n');
        break;
      case 'reset':
        if (peer.at === 'whole') this.#stream(request).reset(peer.code);
        break;
      case 'answer-early':
      case 'silence':
      case 'refuse':
      case 'goaway':
        break;
    }
  }

  #goAway(request: PeerRequest, plan: SendPlan, mode: GoawayMode): void {
    const stream = this.#stream(request);
    const acted = this.#highestActed(stream.on);
    // A stream that lies below one that was acted upon cannot be refused by GOAWAY any more.
    const refuses = mode === 'refuse' && acted < stream.id;
    const last = Math.max(acted, refuses ? stream.id - 2 : stream.id);
    this.#goneAbove.set(stream.on, Math.min(last, this.#goneAbove.get(stream.on) ?? last));
    stream.on.goaway(last, mode === 'error' ? CODE.INTERNAL_ERROR : CODE.NO_ERROR);
    if (refuses) return;
    this.#act(plan);
    if (mode === 'error') stream.fin();
    else this.#answer(request, plan, 200);
  }

  #highestActed(connection: RawH2Connection): number {
    let highest = 0;
    for (const stream of connection.streams.values()) {
      const plan = this.#known.get(stream);
      if (plan !== undefined && this.ledger.get(plan.id)?.acted === true)
        highest = Math.max(highest, stream.id);
    }
    return highest;
  }

  #answer(request: PeerRequest, plan: SendPlan, status: number): void {
    if (this.#isRefused(request)) return;
    this.#act(plan);
    request.answer({ status, body: answerText(plan.id) });
    const entry = this.ledger.get(plan.id);
    if (entry !== undefined) entry.status = status;
  }

  #act(plan: SendPlan): void {
    const entry = this.ledger.get(plan.id);
    if (entry !== undefined) entry.acted = true;
  }

  #isRefused(request: PeerRequest): boolean {
    const stream = this.#streamOf(request);
    if (stream === undefined) return false;
    return stream.id > (this.#goneAbove.get(stream.on) ?? Number.POSITIVE_INFINITY);
  }

  /** What was planned for HTTP/2 can come over HTTP/1.1, where nothing is reset or refused: it is answered there. */
  #planFor(request: PeerRequest, { peer }: SendPlan): PeerPlan {
    const ofH2 =
      peer.do === 'reset' ||
      peer.do === 'refuse' ||
      peer.do === 'goaway' ||
      (peer.do === 'half' && peer.ends === 'reset');
    if (!ofH2 || this.#streamOf(request) !== undefined) return peer;
    return { do: 'answer', status: 200, afterTurns: 0 };
  }

  #stream(request: PeerRequest): RawH2Stream {
    const stream = this.#streamOf(request);
    if (stream === undefined) throw new Error('a request that is no stream');
    return stream;
  }

  /** The stream that a request is; undefined over HTTP/1.1. */
  #streamOf(request: PeerRequest): RawH2Stream | undefined {
    if (this.#stage.protocol !== 'h2') return undefined;
    const streams = this.#stage.h2.connections[request.connection]?.streams;
    return [...(streams?.values() ?? [])].find((candidate) => candidate === request);
  }
}
