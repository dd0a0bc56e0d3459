import { type Exchange, fromFactory, type RequestBody, type ReusePolicy } from '@ferry/core';
import { Chance } from '@ferry/core/testing';
import { eventually, turns } from '../stage/eventually.ts';
import { describe, type SendOutcome } from '../stage/outcome.ts';
import { Stage, type StageOptions } from '../stage/stage.ts';
import { answerText, ChurnPeer, type LedgerEntry } from './churn-peer.ts';
import { overdue, type Spent } from './overdue.ts';
import { planSend, type SendPlan } from './send-plan.ts';
import { Stalls } from './stalls.ts';

/** A silent peer costs `headersMs`; nothing else should ever come near its limit. */
const LIMITS = { connectMs: 8_000, headersMs: 150, idleMs: 8_000, totalMs: 10_000 };

export interface RoundResult {
  readonly findings: readonly string[];
  /** How often which ending was seen. */
  readonly endings: ReadonlyMap<string, number>;
}

export type RoundOptions = Pick<
  StageOptions,
  'make' | 'protocol' | 'fallsBack' | 'road' | 'profile' | 'certificate'
> & {
  readonly seed: number;
  readonly sends: number;
};

/** One transport, one peer, many sends at once, and the books compared at the end. */
export async function churnRound({ seed, sends, ...options }: RoundOptions): Promise<RoundResult> {
  const chance = new Chance(seed);
  const stage = await Stage.open({ ...options, policy: somePolicy(chance) });
  const plans = Array.from({ length: sends }, (_, id) => planSend(id, chance, options.protocol));
  const closeAt = chance.happens(0.25) ? chance.between(1, sends - 1) : undefined;
  const graceMs = chance.pick([0, 0, 40]);
  const books = new ChurnPeer(stage, plans);
  const outcomes = new Map<number, SendOutcome>();
  const spent = new Map<number, Omit<Spent, 'phaseMs'>>();
  using stalls = new Stalls();
  let open = 0;
  const onOpen = (change: number) => {
    open += change;
  };
  const queue = [...plans];
  const sender = async (): Promise<void> => {
    for (let plan = queue.shift(); plan !== undefined; plan = queue.shift()) {
      if (plan.id === closeAt) void stage.transport.close({ graceMs });
      const [from, lost] = [performance.now(), stalls.lostMs];
      outcomes.set(plan.id, await sendOne(stage, plan, onOpen));
      spent.set(plan.id, { elapsedMs: performance.now() - from, stalledMs: stalls.lostMs - lost });
      await turns(plan.restTurns);
    }
  };
  await Promise.all(Array.from({ length: chance.between(2, 12) }, sender));
  stage.check(await eventually(() => open === 0), `${open} body sources were never let go`);
  await stage[Symbol.asyncDispose]();
  const endings = new Map<string, number>();
  for (const plan of plans) {
    const outcome = outcomes.get(plan.id) ?? { type: 'hung' };
    const ending = describe(outcome);
    endings.set(ending, (endings.get(ending) ?? 0) + 1);
    const time = spent.get(plan.id) ?? { elapsedMs: 0, stalledMs: 0 };
    const late = overdue({ ...time, phaseMs: phasesOf(outcome) }, LIMITS);
    const wrong = contradiction(plan, outcome, books.ledger.get(plan.id)) ?? late;
    if (wrong !== undefined) {
      stage.findings.push(`send ${plan.id} (${JSON.stringify(plan.peer)}): ${ending}; ${wrong}`);
    }
  }
  return { findings: stage.findings, endings };
}

function phasesOf(outcome: SendOutcome): Exchange['phaseMs'] {
  if (outcome.type === 'answered') return outcome.exchange.phaseMs;
  return outcome.type === 'failed' ? outcome.error.exchange.phaseMs : {};
}

function somePolicy(chance: Chance): Partial<ReusePolicy> {
  return {
    maxConnections: chance.between(2, 12),
    maxWaiting: chance.pick([4, 64, 256]),
    ...(chance.happens(0.3) ? { maxIdleMs: 20, spareMaxIdleMs: 20 } : {}),
    ...(chance.happens(0.4) ? { proveAfterIdleMs: 1, proveTimeoutMs: 300 } : {}),
  };
}

async function sendOne(stage: Stage, plan: SendPlan, onOpen: (change: number) => void): Promise<SendOutcome> {
  const controller = new AbortController();
  if (plan.abortAfterTurns !== undefined) void turns(plan.abortAfterTurns).then(() => controller.abort());
  return await stage.send({ body: bodyOf(plan, onOpen), limits: LIMITS, signal: controller.signal });
}

function bodyOf({ id, bytes, knownLength }: SendPlan, onOpen: (change: number) => void): RequestBody {
  const whole = Buffer.alloc(bytes, id & 255);
  whole.writeUInt32BE(id);
  return fromFactory(
    async function* () {
      onOpen(1);
      try {
        for (let at = 0; at < bytes; at += 30_000) yield whole.subarray(at, at + 30_000);
      } finally {
        onOpen(-1);
      }
    },
    knownLength ? bytes : undefined,
  );
}

/** What the client says, held against what the peer knows. Pure. */
function contradiction(
  plan: SendPlan,
  outcome: SendOutcome,
  entry: LedgerEntry | undefined,
): string | undefined {
  if ((entry?.requests ?? 0) > 1) return `one send() put ${entry?.requests} requests on the wire`;
  if (outcome.type === 'hung' || outcome.type === 'broken')
    return 'every send must settle with a TransportError';
  if (outcome.type === 'answered') {
    if (entry === undefined) return 'the peer never saw it';
    if (entry.status !== outcome.status) return `the peer answered ${entry.status}`;
    if (outcome.text !== answerText(plan.id)) return `the answer reads ${JSON.stringify(outcome.text)}`;
    if (plan.peer.do === 'answer-early') return undefined;
    const { whole, bytes } = entry.request;
    return whole && bytes === plan.bytes ? undefined : `the peer has ${bytes} of ${plan.bytes} bytes`;
  }
  const { delivery } = outcome.error;
  if (delivery === 'not-sent' && entry !== undefined) return 'the peer has seen it';
  if (delivery === 'refused' && entry?.acted === true) return 'the peer has acted on it';
  if (delivery === 'answered' && entry === undefined) return 'the peer never saw it';
  if (entry?.request.whole === true && entry.request.bytes !== plan.bytes) {
    return `the peer took ${entry.request.bytes} of ${plan.bytes} bytes for the whole`;
  }
  return undefined;
}
