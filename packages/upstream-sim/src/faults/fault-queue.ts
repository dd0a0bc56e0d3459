import type { Protocol } from '../ledger.ts';
import type { Fault, FaultRule, Match } from './fault.ts';

/** What a rule may look at. */
export interface Candidate {
  readonly method: string;
  readonly path: string;
  readonly protocol: Protocol;
  /** 1 for the first request of its connection. */
  readonly connectionUse: number;
}

/** A rule that waits for its requests. */
export interface QueuedFault {
  readonly id: string;
  readonly rule: FaultRule;
  /** Requests that matched so far. */
  readonly seen: number;
  /** Requests it was applied to so far. */
  readonly struck: number;
}

interface Entry {
  readonly id: string;
  readonly rule: FaultRule;
  seen: number;
  struck: number;
}

/** Faults in the order in which they were asked for. A request is struck by the first rule that is due for it. */
export class FaultQueue {
  #entries: Entry[] = [];
  #made = 0;

  /** Adds a rule; the answer is its id, which the ledger names. */
  add(rule: FaultRule): string {
    const id = `f${++this.#made}`;
    this.#entries.push({ id, rule, seen: 0, struck: 0 });
    return id;
  }

  /** True when there was such a rule. */
  remove(id: string): boolean {
    const before = this.#entries.length;
    this.#entries = this.#entries.filter((entry) => entry.id !== id);
    return this.#entries.length < before;
  }

  clear(): void {
    this.#entries = [];
  }

  /** The rules that still wait. */
  list(): QueuedFault[] {
    return this.#entries.map((entry) => ({ ...entry }));
  }

  /** The fault for this request, if one is due; counts it as struck. */
  take(candidate: Candidate): { readonly ruleId: string; readonly fault: Fault } | undefined {
    const matching = this.#entries.filter(({ rule }) => matches(rule.match ?? {}, candidate));
    for (const entry of matching) entry.seen += 1;
    const due = matching.find(isDue);
    if (!due) return undefined;
    due.struck += 1;
    const { count = 1, fault } = due.rule;
    if (count !== 'forever' && due.struck >= count) this.remove(due.id);
    return { ruleId: due.id, fault };
  }
}

function isDue({ seen, rule: { skip = 0, every = 1 } }: Entry): boolean {
  return seen > skip && (seen - skip - 1) % every === 0;
}

function matches(match: Match, candidate: Candidate): boolean {
  return (
    (match.method === undefined || match.method.toUpperCase() === candidate.method) &&
    (match.path === undefined || candidate.path.startsWith(match.path)) &&
    (match.protocol === undefined || match.protocol === candidate.protocol) &&
    (match.reused === undefined || match.reused === candidate.connectionUse > 1)
  );
}
