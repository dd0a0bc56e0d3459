import { type AttemptLimits, type Deadline, type Deadlines, NOWHERE } from '@ferry/core';
import { ProgressWatch } from './progress-watch.ts';

/** What a limit that has passed does. */
export interface LimitObserver {
  /** Anything that grows with progress; undefined while nothing is expected to move. See `ProgressWatch`. */
  mark(): number | undefined;
  onSettingsDue(connectMs: number): void;
  onSilence(idleMs: number): void;
  onHeadersLate(headersMs: number): void;
  onTotalPassed(totalMs: number): void;
}

const NEVER = Number.POSITIVE_INFINITY;

/**
 * The limits of an exchange with a connection: `totalMs` since the request came, `connectMs` since then until SETTINGS are
 * there, `idleMs` while a body moves, `headersMs` between the two. One deadline for all of them: the nearest.
 */
export class ExchangeLimits implements Deadline {
  place: number = NOWHERE;
  dueAt: number;
  readonly #deadlines: Deadlines;
  readonly #limits: AttemptLimits;
  readonly #observer: LimitObserver;
  readonly #since: number;
  readonly #totalAt: number;
  #settingsAt = NEVER;
  #headersAt = NEVER;
  #watch: ProgressWatch | undefined;

  /** @param since when the request came, by the clock. */
  constructor(
    deadlines: Deadlines,
    { limits, since, observer }: { limits: AttemptLimits; since: number; observer: LimitObserver },
  ) {
    this.#deadlines = deadlines;
    this.#limits = limits;
    this.#observer = observer;
    this.#since = since;
    this.#totalAt = since + limits.totalMs;
    this.dueAt = this.#totalAt;
  }

  start(): void {
    this.#deadlines.add(this);
  }

  /** The peer has not sent its SETTINGS yet, which `connectMs` is for as well. */
  awaitSettings(): void {
    this.#settingsAt = this.#since + this.#limits.connectMs;
    this.#hasten(this.#settingsAt);
  }

  /** Bytes may move from now on. @param now by the clock. */
  watchProgress(now: number): void {
    this.#watch = new ProgressWatch(this.#limits.idleMs, now, this.#observer);
    this.#hasten(this.#watch.lookAt);
  }

  /** The last byte of the request is off. @param now by the clock. */
  awaitHeaders(now: number): void {
    this.#headersAt = now + this.#limits.headersMs;
    this.#hasten(this.#headersAt);
  }

  headersArrived(): void {
    this.#headersAt = NEVER;
  }

  stop(): void {
    this.#deadlines.delete(this);
  }

  onDue(now: number): void {
    const { totalMs, connectMs, headersMs, idleMs } = this.#limits;
    const settingsDue = now >= this.#settingsAt;
    if (settingsDue) this.#settingsAt = NEVER;
    if (now >= this.#totalAt) this.#observer.onTotalPassed(totalMs);
    else if (settingsDue) this.#observer.onSettingsDue(connectMs);
    else if (now >= this.#headersAt) this.#observer.onHeadersLate(headersMs);
    else if (this.#watch?.silentAt(now)) this.#observer.onSilence(idleMs);
    this.dueAt = Math.min(this.#totalAt, this.#settingsAt, this.#headersAt, this.#watch?.lookAt ?? NEVER);
  }

  #hasten(at: number): void {
    if (at >= this.dueAt) return;
    this.dueAt = at;
    this.#deadlines.hasten(this);
  }
}
