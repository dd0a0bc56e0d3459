import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { Clock } from '@ferry/core';

/** How often the delay is sampled. Milliseconds; it is the floor of what is measured. */
const RESOLUTION_MS = 10;
/** What one reading is made from. Readers come at their own times: none of them may take the others' samples away. */
const WINDOW_MS = 5_000;

export interface EventLoopReading {
  /** How late timers were. Milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Share of the time in which the loop was busy, 0 to 1. */
  readonly utilization: number;
}

/** How late the event loop is, over the last whole window of five seconds. Dispose of it to stop measuring. */
export class EventLoop implements Disposable {
  readonly #clock: Clock;
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #before: EventLoopUtilization = performance.eventLoopUtilization();
  #last: EventLoopReading = { p50Ms: 0, p99Ms: 0, maxMs: 0, utilization: 0 };
  #cancel: () => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#delay.enable();
    this.#next();
  }

  /** Zeros during the first window. */
  get last(): EventLoopReading {
    return this.#last;
  }

  [Symbol.dispose](): void {
    this.#cancel();
    this.#delay.disable();
  }

  #next(): void {
    this.#cancel = this.#clock.after(WINDOW_MS, () => this.#read(), { keepAlive: false });
  }

  #read(): void {
    const now = performance.eventLoopUtilization();
    this.#last = {
      p50Ms: milliseconds(this.#delay.percentile(50)),
      p99Ms: milliseconds(this.#delay.percentile(99)),
      maxMs: milliseconds(this.#delay.max),
      utilization: performance.eventLoopUtilization(now, this.#before).utilization,
    };
    this.#before = now;
    this.#delay.reset();
    this.#next();
  }
}

/** Nanoseconds as milliseconds. A histogram without a sample says NaN. */
const milliseconds = (ns: number): number => (Number.isFinite(ns) ? ns / 1e6 : 0);
