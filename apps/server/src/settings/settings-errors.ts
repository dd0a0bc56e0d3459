import { badRequest, GatewayError } from '../errors/gateway-error.ts';
import type { IgnoredOverride } from './overrides.ts';
import type { Revision } from './revision.ts';
import { revisionView } from './settings-answer.ts';

/** The settings were changed since the caller looked. `meanwhile` says by whom and how. */
export function settingsConflict(
  base: number,
  current: number,
  meanwhile: readonly Revision[],
): GatewayError {
  const who = [...new Set(meanwhile.map((revision) => revision.who))].join(', ');
  const keys = [...new Set(meanwhile.flatMap(({ changes }) => changes.map(({ key }) => key)))].join(', ');
  const what = meanwhile.length === 0 ? '' : ` Meanwhile ${who} changed ${keys}.`;
  return new GatewayError(
    `The settings are at revision ${current}, not ${base}.${what} Look at them and send again.`,
    {
      status: 409,
      type: 'invalid_request_error',
      code: 'settings_conflict',
      shouldRetry: false,
      details: { conflict: { revision: current, base, meanwhile: meanwhile.map(revisionView) } },
    },
  );
}

export const noSuchRevision = (id: number): GatewayError =>
  badRequest(`There is no revision ${id} of the settings.`, {
    status: 404,
    code: 'revision_not_found',
    param: 'revision',
  });

export const nothingBefore = (): GatewayError =>
  badRequest('The settings are as configured: there is nothing to roll back.', {
    code: 'nothing_to_roll_back',
  });

export const unfit = ({ key, why }: IgnoredOverride): GatewayError =>
  badRequest(`${key}: ${why}.`, { code: 'invalid_value', param: key });
