import type { LoopbackCertificate } from '@ferry/upstream-sim/peers';
import type { Expectation, ProfileName } from '../expectation.ts';
import { eventually } from '../stage/eventually.ts';
import { connectionOf, describe, type SendOutcome } from '../stage/outcome.ts';
import { Stage } from '../stage/stage.ts';
import type { MakeTransport, Road } from '../subject.ts';
import type { FaultCase, Strike } from './fault-case.ts';

export interface CaseRun {
  readonly make: MakeTransport;
  readonly protocol: Stage['protocol'];
  /** Default false. */
  readonly fallsBack?: boolean | undefined;
  readonly profile: ProfileName;
  readonly certificate: LoopbackCertificate;
  /** Default `direct`. */
  readonly road?: Road | undefined;
}

/** What was seen of one case. */
export interface CaseResult {
  /** How the upload that met the fault ended; empty for a story. */
  readonly observed: string;
  /** What is wrong whatever the expectation: leaks, resends, findings of the case itself. */
  readonly findings: readonly string[];
  /** What contradicts an expectation. */
  disagreements(expectation: Expectation): readonly string[];
}

/** Plays one case against one transport and profile. */
export async function runCase(fault: FaultCase, run: CaseRun): Promise<CaseResult> {
  const stage = await Stage.open({
    ...run,
    ...(fault.policy === undefined ? {} : { policy: fault.policy }),
    ...(fault.proxy === undefined ? {} : { proxy: fault.proxy }),
  });
  let facts: Facts | undefined;
  try {
    if (fault.cold !== true) await stage.warmUp('others' in fault ? fault.others?.() : undefined);
    if ('story' in fault) await fault.story(stage);
    else facts = await strike(fault, stage);
  } catch (error) {
    stage.findings.push(`the case itself failed: ${String(error)}`);
  } finally {
    await stage[Symbol.asyncDispose]();
  }
  return {
    observed: facts === undefined ? '' : describe(facts.outcome),
    findings: stage.findings,
    disagreements: (expectation) => (facts === undefined ? [] : compare(facts, expectation, run.profile)),
  };
}

interface Facts {
  readonly outcome: SendOutcome;
  readonly next: SendOutcome;
  /** Requests that the fault's upload put on the wire. */
  readonly onWire: number;
  /** Its connection took the next upload. */
  readonly usedAgain: boolean;
  /** The peer saw the end of its connection. */
  readonly closed: boolean;
}

async function strike(fault: Strike, stage: Stage): Promise<Facts> {
  const upload = (await fault.produce(stage)) ?? {};
  const before = stage.arrived();
  stage.mark();
  const outcome = await stage.send(upload);
  await fault.also?.(stage, outcome);
  // A caller that is told of a failure sends the next upload at once: a dead connection must not get it.
  const next = await stage.send(fault.others?.());
  const id = connectionOf(outcome);
  const usedAgain = id !== undefined && connectionOf(next) === id;
  const closed =
    id !== undefined &&
    !usedAgain &&
    (await eventually(() => stage.events.some((e) => e.type === 'closed' && e.connectionId === id)));
  const requests = stage.arrived() - before;
  return { outcome, next, onWire: requests - (reached(next) ? 1 : 0), usedAgain, closed };
}

/** Whether an upload certainly put a request on the wire. */
function reached(outcome: SendOutcome): boolean {
  return outcome.type === 'answered';
}

/** Pure. */
function compare(facts: Facts, expectation: Expectation, profile: ProfileName): readonly string[] {
  const { outcome, next, onWire } = facts;
  const wrong: string[] = [];
  const check = (holds: boolean, sentence: string): void => {
    if (!holds) wrong.push(sentence);
  };
  const seen = describe(outcome);
  const among = <T>(value: T, allowed: readonly T[] | undefined): boolean =>
    allowed === undefined || allowed.includes(value);

  check(outcome.type === 'answered' || outcome.type === 'failed', seen);
  if (expectation.outcome === 'answered') check(outcome.type === 'answered', `should be answered, ${seen}`);
  if (expectation.outcome === 'fails') check(outcome.type === 'failed', `should fail, ${seen}`);
  if (outcome.type === 'answered') {
    const status = expectation.status ?? 200;
    check(outcome.status === status, `should be answered ${status}, ${seen}`);
  }
  if (outcome.type === 'failed') {
    const { error } = outcome;
    const { delivery, kinds, phases, h2Code } = expectation;
    check(among(error.delivery, delivery), `delivery should be ${delivery?.join(' or ')}, ${seen}`);
    check(among(error.kind, kinds), `kind should be ${kinds?.join(' or ')}, ${seen}`);
    check(among(error.phase, phases), `phase should be ${phases?.join(' or ')}, ${seen}`);
    check(h2Code === undefined || error.h2Code === h2Code, `h2Code should be ${h2Code}, ${seen}`);
    check(error.delivery !== 'not-sent' || onWire === 0, `it says not-sent, and the peer has the request`);
  }
  check(onWire <= 1, `one send() put ${onWire} requests on the wire`);
  if (expectation.next !== false) {
    check(next.type === 'answered', `the next upload should arrive, ${describe(next)}`);
  }
  if (expectation.connection === 'keep' && profile === 'POOLED') {
    check(facts.usedAgain, 'the connection should be kept, the next upload took another');
  }
  if (expectation.connection === 'retire') {
    check(!facts.usedAgain, 'the connection should be retired, the next upload took it');
    check(facts.closed, 'the connection should be retired, and it was not closed');
  }
  return wrong;
}
