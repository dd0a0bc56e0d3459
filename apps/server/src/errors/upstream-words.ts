/** What an upstream said about a failure, read by the provider that knows its shapes. */
import { RequestFailure } from '@ferry/core';
import { ContentBlockedError, InvalidEditError, type Provider } from '@ferry/providers';
import { fromRequestFailure } from './from-request-failure.ts';
import { badRequest, type GatewayError } from './gateway-error.ts';

/** The failure of an upload or edit as our caller sees it; undefined when it is no such failure. */
export function fromProviderFailure(thrown: unknown, provider: Provider): GatewayError | undefined {
  if (ContentBlockedError.is(thrown)) return contentBlocked(thrown);
  if (InvalidEditError.is(thrown)) {
    return badRequest(`${thrown.message}.`, { code: 'invalid_value', param: thrown.param, cause: thrown });
  }
  if (!RequestFailure.is(thrown)) return undefined;
  if (thrown.code !== 'upstream_status' || thrown.excerpt === undefined) return fromRequestFailure(thrown);
  const said = provider.parseUpstreamError(thrown.status, thrown.excerpt);
  if (said.blocked) return contentBlocked(thrown);
  return fromRequestFailure(thrown, said.message);
}

function contentBlocked(cause: unknown): GatewayError {
  return badRequest('The upstream withholds the result: it does not respect its content policy.', {
    code: 'content_blocked',
    cause,
  });
}
