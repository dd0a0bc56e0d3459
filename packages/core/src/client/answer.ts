import type { EngineAnswer } from '../retry/retry-run.ts';
import { slices } from '../transport/request-body.ts';
import { type Answer, type LogicalRequest, type OpenAnswer, RequestFailure } from './request.ts';

/** Gives a whole answer to the caller. */
export function toAnswer({ result, attempts }: EngineAnswer, request: LogicalRequest): Answer {
  const { bytes, headers, record } = result;
  const status = record.status ?? 200;
  const text = () => new TextDecoder().decode(bytes);
  return {
    status,
    headers,
    bytes,
    text,
    json() {
      try {
        return JSON.parse(text()) as unknown;
      } catch {
        const what = bytes.byteLength === 0 ? 'an empty body' : 'a body that is not JSON';
        throw new RequestFailure(`${request.label} failed: the upstream answered ${status} with ${what}`, {
          code: 'upstream_bad_answer',
          status: 502,
          attempts,
          excerpt: result.excerpt,
          outcomeUnknown: request.safety === 'billable',
        });
      }
    },
    attempts,
    exchange: record.exchange,
  };
}

/** Gives an answer to a caller who reads it as it comes. */
export function toOpenAnswer({ result, attempts }: EngineAnswer): OpenAnswer {
  const { bytes, flow, headers, record } = result;
  return { status: record.status ?? 200, headers, body: flow?.body ?? once(bytes), attempts };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield* slices(bytes);
}
