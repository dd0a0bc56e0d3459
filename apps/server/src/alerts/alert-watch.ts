import type { Config } from '../config/schema.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { type AlertState, INACTIVE, nextState } from './alert-state.ts';
import { type AlertName, type AlertRule, alertRules, isBreached } from './rule.ts';
import { type Figures, UploadWindow } from './upload-window.ts';

/** How often the figures are looked at. Milliseconds. */
const EVERY_MS = 1_000;

/** One alert as it is now. */
export interface Alert {
  readonly rule: AlertRule;
  readonly state: AlertState;
  /** Undefined for want of traffic. */
  readonly value: number | undefined;
}

/** Hears of an alert that has begun to fire or has resolved. Must not throw. */
export type AlertListener = (alert: Alert) => void;

/** Watches the thresholds inside the process. Settings are asked for at each look. Dispose of it to stop. */
export class AlertWatch implements Disposable {
  readonly #telemetry: Telemetry;
  readonly #settings: () => Config['alerts'];
  readonly #listen: AlertListener;
  readonly #window = new UploadWindow();
  readonly #states = new Map<AlertName, AlertState>();
  readonly #unsubscribe: () => void;
  #cancel: () => void = () => undefined;

  constructor(telemetry: Telemetry, settings: () => Config['alerts'], listen: AlertListener) {
    this.#telemetry = telemetry;
    this.#settings = settings;
    this.#listen = listen;
    this.#unsubscribe = telemetry.subscribe('alerts', this.#window.hear);
    this.#next();
  }

  /** What the rules are about, over their window. */
  figures(): Figures {
    return this.#window.figures(this.#telemetry.clock.wallNow(), this.#settings().window_s * 1_000);
  }

  list(): Alert[] {
    const figures = this.figures();
    return alertRules(this.#settings()).map((rule) => ({
      rule,
      state: this.#states.get(rule.name) ?? INACTIVE,
      value: measured(rule, figures),
    }));
  }

  [Symbol.dispose](): void {
    this.#cancel();
    this.#unsubscribe();
  }

  #next(): void {
    this.#cancel = this.#telemetry.clock.after(EVERY_MS, () => this.#look(), { keepAlive: false });
  }

  #look(): void {
    this.#next();
    const { enabled } = this.#settings();
    const now = this.#telemetry.clock.wallNow();
    for (const { rule, state, value } of this.list()) {
      const next = nextState(state, enabled && isBreached(rule, value), now, rule.forS * 1_000);
      if (next === state) continue;
      this.#states.set(rule.name, next);
      const { name: alert, severity, threshold } = rule;
      this.#telemetry.publish({
        type: 'alert',
        at: now,
        alert,
        severity,
        state: next.type,
        threshold,
        ...(value !== undefined && { value }),
      });
      if (next.type === 'firing' || next.type === 'resolved') this.#listen({ rule, state: next, value });
    }
  }
}

/** Too little traffic says nothing. */
function measured(
  { measure, minUploads }: AlertRule,
  { uploads, h2Attempts, values }: Figures,
): number | undefined {
  const traffic = measure === 'http2-error-rate' ? h2Attempts : uploads;
  return traffic < minUploads ? undefined : values[measure];
}
