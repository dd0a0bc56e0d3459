/** What is known of the database. A closed set; `since` is in milliseconds since the Unix epoch. */
export type DatabaseState =
  /** None is configured, and the embedded one is switched off. */
  | { readonly kind: 'off' }
  /** Not reached yet since the server started. */
  | { readonly kind: 'starting'; readonly since: number }
  | { readonly kind: 'up'; readonly since: number }
  /** Lost, or never reached; another try is on its way. `reason` holds no address and no password. */
  | { readonly kind: 'away'; readonly since: number; readonly reason: string };

/** Why it cannot be used now, as the end of "the database is not available: ...". */
export function whyNot(state: Exclude<DatabaseState, { kind: 'up' }>): string {
  switch (state.kind) {
    case 'off':
      return 'none is configured';
    case 'starting':
      return 'it is starting';
    case 'away':
      return state.reason;
    default:
      return state satisfies never;
  }
}
