import type { Costs } from './meter.ts';

/** Before a measurement: a process that has rested has cold caches, and perhaps connections to open. */
const LEAD_IN_MS = 50;

/**
 * What is measured of a load. It begins with an answer and ends with one, while uploads go on before and after. So it holds as many
 * answers as its time was worth; whoever waits for the last ones counts the time in which fewer than all are under way.
 */
export class MeasuringWindow {
  readonly latenciesMs: number[] = [];
  readonly #measureMs: number;
  readonly #atOnce: number;
  readonly #startMeter: () => () => Costs;
  readonly #now: () => number;
  readonly #opensAt: number;
  #answers = 0;
  #closesAt = 0;
  #read: (() => Costs) | undefined;
  #costs: Costs | undefined;

  /**
   * @param atOnce so many uploads are under way. They begin together and may go on so, in bursts of answers: all have been answered once
   * before the window opens, at the first answer of the next burst. It closes at the first of another.
   */
  constructor(
    measureMs: number,
    atOnce: number,
    startMeter: () => () => Costs,
    now: () => number = () => performance.now(),
  ) {
    this.#measureMs = measureMs;
    this.#atOnce = atOnce;
    this.#startMeter = startMeter;
    this.#now = now;
    this.#opensAt = now() + Math.min(LEAD_IN_MS, measureMs);
  }

  /** Between the answers that opened and closed it. */
  get costs(): Costs {
    if (this.#costs === undefined) throw new Error('the load ended before it was measured');
    return this.#costs;
  }

  /** @returns false once it has closed. */
  onAnswer(latencyMs: number): boolean {
    if (this.#costs !== undefined) return false;
    this.#answers += 1;
    const now = this.#now();
    if (this.#read !== undefined) {
      this.latenciesMs.push(latencyMs);
      if (now >= this.#closesAt) this.#costs = this.#read();
    } else if (now >= this.#opensAt && this.#answers > this.#atOnce) {
      this.#closesAt = now + this.#measureMs;
      this.#read = this.#startMeter();
    }
    return this.#costs === undefined;
  }
}
