/** The `code` of `NoSettings`. */
export const NO_SETTINGS = 'FERRY_NO_SETTINGS';

/** TLS was there in time and agreed on HTTP/2, and the peer's SETTINGS (RFC 9113 section 3.4) were not. */
export class NoSettings extends Error {
  override readonly name: string = 'NoSettings';
  readonly code: string = NO_SETTINGS;

  constructor(withinMs: number) {
    super(`the peer sent no SETTINGS within ${withinMs} ms`);
  }
}
