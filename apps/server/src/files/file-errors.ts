import { RequestFailure } from '@ferry/core';
import { badRequest, type GatewayError } from '../errors/gateway-error.ts';

/** Another caller's file is as unknown as none. */
export function fileNotFound(param: string): GatewayError {
  return badRequest('There is no such file.', { status: 404, code: 'file_not_found', param });
}

/**
 * An edit that names files is answered 404 by an upstream that no longer has them: it was restarted, or the operator has
 * replaced the key. Undefined for every other failure.
 */
export function fileGone(
  thrown: unknown,
  files: readonly { readonly id: string }[],
): GatewayError | undefined {
  if (files.length === 0 || !RequestFailure.is(thrown)) return undefined;
  if (thrown.code !== 'upstream_status' || thrown.status !== 404) return undefined;
  return badRequest('The upstream no longer has a file that this edit names. Upload it again.', {
    status: 404,
    code: 'file_not_found',
    param: 'file_id',
    cause: thrown,
  });
}
