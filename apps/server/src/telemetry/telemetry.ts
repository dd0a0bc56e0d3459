import type { Clock } from '@ferry/core';
import type { TelemetryEvent } from './telemetry-event.ts';

/** Hears every event in the order it was told. Called in the middle of an upload: be quick, never wait. */
export type TelemetryListener = (event: TelemetryEvent) => void;

/** What is told, before it has its time. */
export type Untimed<E extends TelemetryEvent = TelemetryEvent> = E extends TelemetryEvent
  ? Omit<E, 'at'>
  : never;

export interface TelemetryOptions {
  readonly clock: Clock;
  /** Hears of a subscriber that threw, once for each subscriber. */
  readonly onBroken: (subscriber: string, error: unknown) => void;
}

/**
 * The one stream of what happens in this process. Telling is synchronous and never throws: a subscriber that fails is
 * reported once and goes on being told, and the upload in whose middle it failed hears nothing of it.
 */
export class Telemetry {
  /** What events are timed by. */
  readonly clock: Clock;
  readonly #onBroken: TelemetryOptions['onBroken'];
  readonly #subscribers = new Set<{ readonly name: string; readonly listener: TelemetryListener }>();
  readonly #broken = new Set<string>();

  constructor({ clock, onBroken }: TelemetryOptions) {
    this.clock = clock;
    this.#onBroken = onBroken;
  }

  /** Tells everybody. An event without `at` happens now. */
  publish(told: Untimed | TelemetryEvent): void {
    const event = 'at' in told ? told : ({ at: this.clock.wallNow(), ...told } as TelemetryEvent);
    for (const { name, listener } of this.#subscribers) {
      try {
        listener(event);
      } catch (error) {
        this.#report(name, error);
      }
    }
  }

  /**
   * Tells `listener` of everything from now on, until the returned function is called.
   * @param name what the log calls it when it fails.
   */
  subscribe(name: string, listener: TelemetryListener): () => void {
    const subscriber = { name, listener };
    this.#subscribers.add(subscriber);
    return () => void this.#subscribers.delete(subscriber);
  }

  /** How many listen; for tests, which look for forgotten ones. */
  get subscribers(): number {
    return this.#subscribers.size;
  }

  #report(name: string, error: unknown): void {
    if (this.#broken.has(name)) return;
    this.#broken.add(name);
    try {
      this.#onBroken(name, error);
    } catch {
      // A log that cannot be written must not end an upload either.
    }
  }
}
