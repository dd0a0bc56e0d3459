import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import {
  type Attempt,
  type Clock,
  type Exchange,
  TransportError,
  type TransportRequest,
  type TransportResponse,
} from '@ferry/core';
import type { MakeTransport } from '../subject.ts';

/** What a careless transport gets wrong. */
export type Mistake =
  | 'nothing'
  /** Sends again by itself when the connection breaks. */
  | 'resends'
  /** Says that nothing was sent when it does not know. */
  | 'says not-sent'
  /** Says that the peer refused what it only lost. */
  | 'says refused'
  /** Leaves its connections open. */
  | 'leaks sockets'
  /** Leaves a timer. */
  | 'leaks timers'
  /** Leaves its listener on the caller's signal. */
  | 'leaks listeners'
  /** Takes what came of an answer for the whole. */
  | 'truncates'
  /** Rejects with whatever the library threw. */
  | 'throws anything';

const FACTS: Exchange = {
  protocol: 'http/1.1',
  connectionReused: false,
  bodyOpened: true,
  bytesSent: 0,
  requestComplete: true,
  bytesReceived: 0,
  phaseMs: {},
};

/** A few lines over node:https that make one mistake: what the suite must notice. */
export function naiveTransport(mistake: Mistake): MakeTransport {
  return ({ ca, clock, onPoolEvent }) => {
    const agent = new https.Agent({ keepAlive: mistake === 'leaks sockets' });
    let sends = 0;
    const send = async (request: TransportRequest, attempt: Attempt): Promise<TransportResponse> => {
      if (mistake === 'leaks timers') leave(clock);
      if (mistake === 'leaks listeners') attempt.signal.addEventListener('abort', () => undefined);
      sends += 1;
      const connectionId = `naive-${sends}`;
      const facts = { ...FACTS, connectionId };
      // Careless here too: it tells of the end of a connection before it comes.
      onPoolEvent({ type: 'opened', connectionId });
      onPoolEvent({ type: 'closed', connectionId });
      const tries = mistake === 'resends' ? 2 : 1;
      for (let left = tries; ; left -= 1) {
        try {
          return await attemptOnce(request, facts, { ca, agent }, mistake);
        } catch (error) {
          if (left > 1) continue;
          if (mistake === 'throws anything') throw error;
          const delivery =
            mistake === 'says not-sent' ? 'not-sent' : mistake === 'says refused' ? 'refused' : 'unknown';
          throw new TransportError('lost', {
            kind: 'reset',
            phase: 'headers',
            delivery,
            exchange: facts,
            cause: error,
          });
        }
      }
    };
    return {
      name: 'naive',
      send,
      stats: () => ({ live: 0, spare: 0, connecting: 0, retired: 0, streams: 0, waiting: 0 }),
      async close() {
        if (mistake !== 'leaks sockets') agent.destroy();
      },
    };
  };
}

function leave(clock: Clock): void {
  clock.after(60_000, () => undefined, { keepAlive: false });
}

async function attemptOnce(
  { method, url, body }: TransportRequest,
  facts: Exchange,
  options: https.RequestOptions,
  mistake: Mistake,
): Promise<TransportResponse> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body?.open() ?? []) chunks.push(chunk);
  const message = https.request(url, { method, ...options });
  message.end(Buffer.concat(chunks));
  const [answer] = (await once(message, 'response')) as [IncomingMessage];
  return {
    status: answer.statusCode ?? 0,
    headers: {},
    body: bytesOf(answer, facts, mistake),
    exchange: facts,
    done: Promise.resolve(facts),
  };
}

async function* bytesOf(
  answer: IncomingMessage,
  facts: Exchange,
  mistake: Mistake,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of answer) yield chunk as Uint8Array;
  } catch (cause) {
    if (mistake === 'truncates') return;
    throw new TransportError('cut short', {
      kind: 'reset',
      phase: 'body',
      delivery: 'answered',
      exchange: facts,
      cause,
    });
  }
}
