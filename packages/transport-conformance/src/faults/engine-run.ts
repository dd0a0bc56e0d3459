import {
  type Answer,
  type AttemptRecord,
  type Clock,
  fromBytes,
  type LogicalRequest,
  type RequestEvent,
  RequestFailure,
  ResilientClient,
  type RetryPolicy,
  type Transport,
} from '@ferry/core';
import { PATIENT, type Stage, UPLOAD_BYTES } from '../stage/stage.ts';

export interface EngineRun {
  readonly answer?: Answer;
  readonly failure?: RequestFailure;
  /** Attempts made. */
  readonly attempts: number;
  readonly records: readonly AttemptRecord[];
  readonly events: readonly RequestEvent[];
}

/** The transport belongs to the stage: the client of one logical request must not close it. */
function lent(transport: Transport): Transport {
  return {
    name: transport.name,
    send: (request, attempt) => transport.send(request, attempt),
    stats: () => transport.stats(),
    close: async () => undefined,
  };
}

/** One logical request by the retry engine over the stage's transport; an upload by default, with hardly any waits. */
export async function engineRun(
  stage: Stage,
  part: Partial<LogicalRequest> = {},
  policy: Partial<RetryPolicy> = {},
  clock?: Clock,
): Promise<EngineRun> {
  const transport = lent(stage.transport);
  const client = new ResilientClient({
    transports: { isolated: transport, shared: transport },
    policy: { backoffBaseMs: 1, backoffMaxMs: 5, ...policy },
    limits: PATIENT,
    ...(clock === undefined ? {} : { clock }),
  });
  const events: RequestEvent[] = [];
  const asked: LogicalRequest = {
    method: 'POST',
    url: stage.url,
    headers: {},
    body: fromBytes(Buffer.alloc(UPLOAD_BYTES, 1)),
    safety: 'repeatable',
    label: 'upload',
    ...part,
    onEvent(event) {
      events.push(event);
      part.onEvent?.(event);
    },
  };
  try {
    const answer = await client.request(asked);
    return { answer, attempts: answer.attempts.length, records: answer.attempts, events };
  } catch (error) {
    if (!RequestFailure.is(error)) throw error;
    return { failure: error, attempts: error.attempts.length, records: error.attempts, events };
  } finally {
    await client.close();
  }
}
