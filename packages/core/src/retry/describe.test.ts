import { expect, test } from 'vitest';
import { detached } from '../client/redact.ts';
import { failed, failure } from '../testing/outcomes.ts';
import { TunnelError } from '../transport/proxy/connect-tunnel.ts';
import { describeOutcome } from './describe.ts';

const cause = new TunnelError('connect', 'the proxy asks for authentication (407)', { status: 407 });
const connecting = { kind: 'connect', phase: 'connect', delivery: 'not-sent' } as const;

test('a failure is told by what it was and when', () => {
  expect(describeOutcome(failed({ ...connecting, cause: new Error('ECONNREFUSED') }))).toBe(
    'the connection could not be opened while connecting',
  );
});

test('a proxy’s refusal is told as the proxy’s', () => {
  expect(describeOutcome(failed({ ...connecting, cause }))).toBe('the proxy asks for authentication (407)');
  const copy = detached(failure({ ...connecting, cause }), (text) => text);
  expect(copy.cause).not.toBe(cause);
  expect(describeOutcome({ type: 'failed', error: copy })).toBe('the proxy asks for authentication (407)');
});
