/** Calls for tests. */
import type { AttemptEnded, CallIdentity, CallOutcome, Operation } from '../telemetry/telemetry-event.ts';
import type { EndedCall } from './ended-calls.ts';

export interface TestCall {
  readonly id?: string;
  readonly at?: number;
  readonly operation?: Operation;
  readonly outcome?: CallOutcome;
  readonly filename?: string;
  /** How each attempt ended. */
  readonly errorTypes?: readonly AttemptEnded['errorType'][];
  readonly upstreamMs?: number;
}

export function endedCall(options: TestCall = {}): EndedCall {
  const { id = 'upl_1', at = 0, operation = 'upload', outcome = 'ok', filename = 'a.jpg' } = options;
  const { errorTypes = ['none'], upstreamMs = 800 } = options;
  const identity: CallIdentity = {
    callId: id,
    operation,
    requestId: 'req_1',
    provider: 'xai',
    origin: 'https://api.x.ai',
  };
  return {
    ...identity,
    startedAt: at,
    use: 'isolated',
    filename,
    state: outcome,
    bytesSent: 10,
    bytes: 10,
    attempts: errorTypes.map((errorType, index) => ({
      type: 'attempt-ended',
      at,
      ...identity,
      attempt: index + 1,
      startedAt: at,
      durationMs: 5,
      delayMs: index === 0 ? 0 : 3,
      errorType,
      connection: { id: `h2-${index + 1}`, protocol: 'h2', reuse: 'fresh' },
      phaseMs: { request: 5 },
      bytesSent: 10,
      bytesReceived: 1,
    })),
    ended: {
      type: 'call-ended',
      at,
      ...identity,
      outcome,
      attempts: errorTypes.length,
      bytes: 10,
      durationMs: upstreamMs,
      upstreamMs,
      ...(outcome !== 'ok' && { failure: { code: 'input', message: 'why' } }),
    },
  };
}
