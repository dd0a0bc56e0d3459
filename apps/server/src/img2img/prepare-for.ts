import type { UploadRoute } from './request-uploads.ts';

/** An upload is likely to go this way soon: has a connection opened or proven for it, where the policy lets one stand by. */
export function prepareFor(route: UploadRoute | undefined): void {
  if (route === undefined) return;
  const { upstream, reuseSession } = route;
  upstream.client.prepare(upstream.provider.editsUrl, { reuseSession });
}
