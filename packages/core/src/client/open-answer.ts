import type { AnswerFlow } from '../retry/attempt.ts';
import type { TransportResponse } from '../transport/transport.ts';

/** An answer up to this length is read within its attempt, so that a request whose answer breaks off can go again. Bytes. */
const READ_AHEAD_BYTES = 1024 * 1024;

const NO_BYTES = new Uint8Array();

/** An answer below 300 for a caller who reads it while it arrives: whole if it is short, else with its flow. */
export interface OpenedAnswer {
  readonly bytes: Uint8Array;
  readonly flow?: AnswerFlow;
}

/**
 * JSON, and what says that it is short or does not say what it is, is read ahead. Everything else, such as an event stream, is handed over as it comes.
 * @throws TransportError when it breaks off before that.
 */
export async function openAnswer(response: TransportResponse): Promise<OpenedAnswer> {
  const iterator = response.body[Symbol.asyncIterator]();
  const parts: Uint8Array[] = [];
  let total = 0;
  let done = false;
  while (isReadAhead(response) && !done && total <= READ_AHEAD_BYTES) {
    const next = await iterator.next();
    done = next.done === true;
    if (next.done === true) break;
    parts.push(next.value);
    total += next.value.byteLength;
  }
  if (done) return { bytes: Buffer.concat(parts, total) };
  const body = { [Symbol.asyncIterator]: () => continued(parts, iterator) };
  return { bytes: NO_BYTES, flow: { body, ended: response.done.then(() => undefined) } };
}

/**
 * What has been read of a body, and then the rest. By hand: a generator that was never started passes nobody's `return()` on, and
 * the exchange would stay open until its limits end it.
 */
function continued(
  parts: Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncIterator<Uint8Array, undefined> {
  return {
    async next() {
      const part = parts.shift();
      return part === undefined ? await rest.next() : { done: false, value: part };
    },
    async return() {
      parts.length = 0;
      await rest.return?.();
      return { done: true, value: undefined };
    },
  };
}

function isReadAhead({ headers, status }: TransportResponse): boolean {
  if (status === 204 || status === 205) return true;
  const length = Number(headers['content-length'] ?? Number.NaN);
  if (!Number.isNaN(length)) return length <= READ_AHEAD_BYTES;
  const type = headers['content-type'] ?? '';
  return type === '' || /^application\/(?:[\w.+-]+\+)?json\b/i.test(type);
}
