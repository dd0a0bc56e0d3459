import type { Answer } from '../api/answer.ts';
import type { Fault } from './fault.ts';

/** The answer that a status fault gives in place of the API's: its own body, or an error in xAI's flat shape. */
export function substituteAnswer({ status, headers, body }: Extract<Fault, { kind: 'status' }>): Answer {
  const text =
    body ??
    JSON.stringify({ code: `simulated_${status}`, error: `A fault of the simulator: status ${status}` });
  const looksLikeJson = /^\s*[{[]/.test(text);
  return {
    status,
    headers: { 'content-type': looksLikeJson ? 'application/json' : 'text/html; charset=utf-8', ...headers },
    body: Buffer.from(text),
  };
}
