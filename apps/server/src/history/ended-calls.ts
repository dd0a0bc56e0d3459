import { fold, isCallEvent, type RecentCall } from '../telemetry/recent-calls.ts';
import type { CallEnded, TelemetryEvent } from '../telemetry/telemetry-event.ts';

/** More than run at once in any configuration: only a bound, should an end never be told. */
const MAX_RUNNING = 8_192;

/** A call with its end. */
export interface EndedCall extends RecentCall {
  readonly ended: CallEnded;
}

/** Follows every call until it has ended, and hands it over then. Subscribe `hear` to the stream. */
export class EndedCalls {
  readonly #running = new Map<string, RecentCall>();
  readonly #onEnd: (call: EndedCall) => void;

  constructor(onEnd: (call: EndedCall) => void) {
    this.#onEnd = onEnd;
  }

  readonly hear = (event: TelemetryEvent): void => {
    // The bytes of an attempt are told again when it ends.
    if (!isCallEvent(event) || event.type === 'bytes-sent') return;
    const call = fold(this.#running.get(event.callId), event);
    if (call === undefined) return;
    if (event.type === 'call-ended') {
      this.#running.delete(event.callId);
      this.#onEnd({ ...call, ended: event });
      return;
    }
    this.#running.set(event.callId, call);
    const oldest = this.#running.size > MAX_RUNNING ? this.#running.keys().next() : undefined;
    if (oldest?.done === false) this.#running.delete(oldest.value);
  };
}
