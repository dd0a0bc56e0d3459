/** The states of one alert, and the pure rule by which they change. Times are milliseconds since the Unix epoch. */
export type AlertState =
  | { readonly type: 'inactive' }
  /** It is bad, but not for long enough yet. */
  | { readonly type: 'pending'; readonly since: number }
  | { readonly type: 'firing'; readonly since: number }
  /** It was firing from `since` until `at`. */
  | { readonly type: 'resolved'; readonly since: number; readonly at: number };

export const INACTIVE: AlertState = Object.freeze({ type: 'inactive' });

/** The state after a look at `now`. The same object when nothing has changed. */
export function nextState(state: AlertState, breached: boolean, now: number, forMs: number): AlertState {
  switch (state.type) {
    case 'inactive':
    case 'resolved':
      if (!breached) return state;
      return forMs === 0 ? { type: 'firing', since: now } : { type: 'pending', since: now };
    case 'pending':
      if (!breached) return INACTIVE;
      return now - state.since >= forMs ? { type: 'firing', since: now } : state;
    case 'firing':
      return breached ? state : { type: 'resolved', since: state.since, at: now };
    default:
      return state satisfies never;
  }
}
