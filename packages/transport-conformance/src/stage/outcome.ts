import { type Exchange, TransportError, type TransportResponse } from '@ferry/core';

/** How one `send()` ended, its body included. A closed set. */
export type SendOutcome =
  | {
      readonly type: 'answered';
      readonly status: number;
      readonly text: string;
      /** The final facts. */
      readonly exchange: Exchange;
    }
  | {
      readonly type: 'failed';
      readonly error: TransportError;
      /** The status, when the failure came after the headers. */
      readonly status?: number;
    }
  /** It rejected with something that is no TransportError: never allowed. */
  | { readonly type: 'broken'; readonly thrown: unknown }
  /** It did not settle in time: never allowed. */
  | { readonly type: 'hung' };

/** Sends, reads the whole answer, and says how it ended. Never rejects. */
export async function outcomeOf(
  sending: Promise<TransportResponse>,
  patienceMs: number,
): Promise<SendOutcome> {
  const patience = Promise.withResolvers<SendOutcome>();
  const timer = setTimeout(() => patience.resolve({ type: 'hung' }), patienceMs);
  try {
    return await Promise.race([readToEnd(sending), patience.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function readToEnd(sending: Promise<TransportResponse>): Promise<SendOutcome> {
  let status: number | undefined;
  try {
    const response = await sending;
    status = response.status;
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of response.body) text += decoder.decode(chunk, { stream: true });
    const exchange = await response.done;
    return { type: 'answered', status, text: text + decoder.decode(), exchange };
  } catch (thrown) {
    if (!TransportError.is(thrown)) return { type: 'broken', thrown };
    return { type: 'failed', error: thrown, ...(status === undefined ? {} : { status }) };
  }
}

/** In a few words, for findings and the report. */
export function describe(outcome: SendOutcome): string {
  switch (outcome.type) {
    case 'answered':
      return `answered ${outcome.status}`;
    case 'failed': {
      const { kind, phase, delivery, h2Code } = outcome.error;
      const code = h2Code === undefined ? '' : ` ${h2Code}`;
      return `failed: ${kind}${code}, delivery ${delivery}, phase ${phase}`;
    }
    case 'broken':
      return `threw something else: ${String(outcome.thrown)}`;
    case 'hung':
      return 'never settled';
  }
}

/** The connection an outcome was on, when it had one. */
export function connectionOf(outcome: SendOutcome): string | undefined {
  if (outcome.type === 'answered') return outcome.exchange.connectionId;
  return outcome.type === 'failed' ? outcome.error.exchange.connectionId : undefined;
}
