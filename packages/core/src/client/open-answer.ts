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
  const body: AsyncIterable<Uint8Array> = {
    async *[Symbol.asyncIterator]() {
      try {
        yield* parts;
        for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
          yield next.value;
      } finally {
        await iterator.return?.();
      }
    },
  };
  return { bytes: NO_BYTES, flow: { body, ended: response.done.then(() => undefined) } };
}

function isReadAhead({ headers, status }: TransportResponse): boolean {
  if (status === 204 || status === 205) return true;
  const length = Number(headers['content-length'] ?? Number.NaN);
  if (!Number.isNaN(length)) return length <= READ_AHEAD_BYTES;
  const type = headers['content-type'] ?? '';
  return type === '' || /^application\/(?:[\w.+-]+\+)?json\b/i.test(type);
}
